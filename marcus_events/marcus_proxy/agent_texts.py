"""What agents read: the proxy's own tool, its responses, and what it adds to those of Marcus."""

from __future__ import annotations

from typing import Any

from marcus_events.marcus_proxy.answers import Answer
from marcus_events.marcus_proxy.asked_questions import AskedQuestion

WAIT = "wait_for_answer"
MAX_WAIT_S = 45.0  # shorter than the minute after which clients give up a call
WAIT_TOOL = {
    "name": WAIT,
    "title": "Wait for the answer",
    "description": (
        f"Wait up to {MAX_WAIT_S:.0f} seconds for a person's answer to the blocker that you reported on a task. If the "
        "status of the result is waiting, call it again: now, or after other work. It may be called any number of "
        "times, for days, and returns the same answer each time."
    ),
    "inputSchema": {
        "type": "object",
        "properties": {
            "agent_id": {"type": "string", "description": "Your agent id, as you registered it."},
            "task_id": {"type": "string", "description": "The task that you reported the blocker on."},
            "timeout": {
                "type": "number",
                "description": f"Seconds to wait (default and maximum {MAX_WAIT_S:.0f}).",
                "minimum": 0,
                "maximum": MAX_WAIT_S,
            },
        },
        "required": ["agent_id", "task_id"],
    },
    "annotations": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
}
ASKED = (
    "A person has been asked. Call wait_for_answer with your agent_id and this task_id, and repeat the call while its "
    "status is waiting. You may do other work in between: request_next_task then returns this task with the answer."
)
ANSWERED_BEFORE = (
    "A person has been asked. The same question was also answered before: see answered_before. If one of those answers "
    "fits, act on it and report progress. Otherwise call wait_for_answer with your agent_id and this task_id, and "
    "repeat the call while its status is waiting."
)
ANSWER_WAITING = (
    "Your question about task {task} has an answer. To receive it, call wait_for_answer with your agent_id and the "
    "task_id {task_id}."
)
GO_ON = (
    "{whose} question about this task has an answer.\n\nQuestion: {question}\nAnswer{by}: {answer}\n\nGo on with it."
)
STATUS_TEXTS = {
    "answered": "Act on the answer, and go on with the task.",
    "waiting": "Nobody has answered yet. Call wait_for_answer again, now or after other work. The question stays open.",
    "resolved": "The blocker has ended without a person's answer. Call get_task_context to see where the task stands.",
    "unknown": "No question about this task was asked through this proxy. Report it with report_blocker.",
}
NOT_ASKED = "No person could be asked: the report is too large or has characters that cannot be stored."
FAILED = "The answer cannot be read at the moment. Call wait_for_answer again in a few seconds."
INVALID = "agent_id and task_id must be non-empty strings, and timeout a number from 0 to {most:.0f}."


def state_of(status: str, task_id: str, question: AskedQuestion | None = None) -> dict[str, Any]:
    asked = {"question": question.question} if question else {}
    return {"success": True, "status": status, "task_id": task_id, **asked, "next": STATUS_TEXTS[status]}


def task_with(agent_id: str, question: AskedQuestion, answer: Answer) -> dict[str, Any]:
    """Return the response to a request for work that gives a task back, in the form of Marcus's own."""
    by = f" (from {answer.by})" if answer.by else ""
    whose = "Your" if agent_id == question.agent_id else f"{question.agent_id}'s"
    text = GO_ON.format(whose=whose, question=question.question, by=by, answer=answer.text)
    before = question.task.get("instructions")
    instructions = f"{text}\n\n{before}" if isinstance(before, str) else text
    return {
        "success": True,
        "task": {"name": answer.task_name} | question.task | {"instructions": instructions},
        "answered_question": {"question": question.question} | answer_fields(answer),
    }


def answer_fields(answer: Answer) -> dict[str, Any]:
    return {"answer": answer.text, "answered_by": answer.by or None, "answered_at": answer.at.isoformat()}
