"""What the proxy does with the calls of agents.

1. `wait_for_answer` is the proxy's own tool. Marcus's tool list has it at its end.
2. A call that Marcus has answered is published, see `proxied_acts`. If it reports a blocker, its result says how the
   agent receives the answer.
3. Before an agent gets new work, it gets back a task whose question was answered, with the answer: Marcus itself gives
   a blocked task to nobody. The proxy reports this to Marcus as the agent's progress, which Marcus accepts.
4. The result of any other call says when an answer is waiting.

Nothing here fails a call: errors are logged, and Marcus's own result is passed on.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from marcus_events.core.event import Event, InvalidEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.ingest import check_event
from marcus_events.marcus_proxy.act_publisher import ActPublisher
from marcus_events.marcus_proxy.agent_texts import (
    ANSWER_WAITING,
    ANSWERED_BEFORE,
    ASKED,
    FAILED,
    INVALID,
    MAX_WAIT_S,
    NOT_ASKED,
    WAIT,
    WAIT_TOOL,
    answer_fields,
    state_of,
    task_with,
)
from marcus_events.marcus_proxy.answers import UNREADABLE, Answer, Answers
from marcus_events.marcus_proxy.asked_questions import AskedQuestion, AskedQuestions
from marcus_events.marcus_proxy.json_rpc import (
    OWN,
    Message,
    ToolRequest,
    error_message,
    marcus_response,
    result_message,
    with_note,
    with_response,
)
from marcus_events.marcus_proxy.marcus_calls import BLOCKER, NEXT_TASK, PROGRESS, REGISTER, MarcusCall
from marcus_events.marcus_proxy.proxied_acts import events_of

logger = logging.getLogger(__name__)

MAX_MESSAGE = 200  # characters of an answer in the message of a progress report

CallMarcus = Callable[[ToolRequest], Awaitable[Message | None]]


class Interception:
    def __init__(self, publisher: ActPublisher, questions: AskedQuestions, answers: Answers) -> None:
        self.publisher, self.questions, self.answers = publisher, questions, answers
        self._in_delivery: set[tuple[str, str]] = set()  # keys of questions whose answer is being delivered

    def list_tools(self, message: Message) -> Message:
        """Return Marcus's list of tools with the proxy's own at its end."""
        result = message.get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        if not isinstance(result, dict) or not isinstance(tools, list) or result.get("nextCursor"):
            return message
        if any(isinstance(tool, dict) and tool.get("name") == WAIT for tool in tools):
            return message
        return message | {"result": result | {"tools": [*tools, WAIT_TOOL]}}

    async def before(self, request: ToolRequest, call_marcus: CallMarcus) -> Message | None:
        """Return the proxy's own response to a call, or None if the call goes to Marcus."""
        try:
            if request.tool == WAIT:
                return await self._wait_for_answer(request, call_marcus)
            if request.tool == NEXT_TASK and (agent_id := request.argument("agent_id")):
                return await self._give_back(request, agent_id, call_marcus)
            if request.tool == BLOCKER:
                await asyncio.to_thread(self.questions.begin, *asked_by(request))
        except UNREADABLE as error:
            logger.warning("answers cannot be read for a call of %s: %s", request.tool, error)
        except Exception:
            logger.exception("a call of %s cannot be answered", request.tool)
        return error_message(request.request_id, FAILED) if request.tool == WAIT else None

    async def after(self, request: ToolRequest, message: Message, started_at: datetime) -> Message:
        """Publish a call that Marcus has answered. Return the response for the agent."""
        try:
            response = marcus_response(message)
            if response is None:
                return message
            call = MarcusCall(request, response, started_at, utc_now())
            is_asked = await asyncio.to_thread(self._note, call)
            if call.tool == BLOCKER and call.is_accepted:
                if not is_asked:
                    return with_note(message, NOT_ASKED)
                return with_response(message, response | {"person_asked": await self._asked(call)})
            if call.tool == NEXT_TASK:
                return self._with_held_task(message, call)
            return await self._with_notes(message, call)
        except Exception:
            logger.exception("a call of %s cannot be followed", request.tool)
            return message

    def _note(self, call: MarcusCall) -> bool:
        """Remember what answers will need, and put the call's acts on disk. Return whether a person is asked by it.

        The question comes first: its report may be published as soon as it is on disk.
        """
        events = [event for event in events_of(call) if is_valid(event)]
        report = next((event for event in events if event.event_type == EventTypes.TASK_BLOCKED), None)
        if call.agent_id:
            stated = call.request.arguments.get("skills") if call.tool == REGISTER else None
            skills = [skill for skill in stated if isinstance(skill, str)] if isinstance(stated, list) else None
            self.questions.note_call(call.agent_id, skills)
        if task := call.assigned_task:
            self.questions.note_task(call.agent_id, task)
        agent_id, task_id, question = asked_by(call.request)
        if report is not None and task_id:
            self.questions.ask(agent_id, task_id, question, report.event_id)
        elif call.tool == BLOCKER:
            self.questions.withdraw(task_id, question)
        self.publisher.put(events)
        return report is not None

    async def _asked(self, call: MarcusCall) -> dict[str, Any]:
        try:
            earlier = await self.answers.earlier(
                call.agent_id, call.task_id, call.request.argument("blocker_description")
            )
        except UNREADABLE:
            earlier = []
        return {"answered_before": earlier, "next": ANSWERED_BEFORE if earlier else ASKED}

    def _with_held_task(self, message: Message, call: MarcusCall) -> Message:
        """Add the question to Marcus's refusal of more work, if it is about the task that the agent has."""
        current = call.response.get("current_task")
        task_id = current.get("id") if isinstance(current, dict) else None
        if not isinstance(task_id, str):
            return message
        questions = self.answers.for_agent(call.agent_id, self.questions.of_task(task_id))
        if not questions:
            return message
        state = "your question has an answer." if questions[0].delivered_to else "your question is open."
        return with_note(message, f"Call wait_for_answer with your agent_id and the task_id {task_id}: {state}")

    async def _with_notes(self, message: Message, call: MarcusCall) -> Message:
        """Add a note for the first answer to a question of the agent's own."""
        own = self.questions.open_of(call.agent_id)
        try:
            found = await self.answers.first_of(own)
        except UNREADABLE:
            return message
        if found is None:
            return message
        task = found[0].task
        note = ANSWER_WAITING.format(task=task.get("name", task["id"]), task_id=task["id"])
        return with_note(message, note)

    async def _wait_for_answer(self, request: ToolRequest, call_marcus: CallMarcus) -> Message:
        agent_id, task_id = request.argument("agent_id"), request.argument("task_id")
        timeout_s = request.arguments.get("timeout", MAX_WAIT_S)
        is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
        if not (agent_id and task_id and is_number and 0 <= timeout_s <= MAX_WAIT_S):
            return error_message(request.request_id, INVALID.format(most=MAX_WAIT_S))
        self.questions.note_call(agent_id)
        questions = await self.answers.reported(self.answers.for_agent(agent_id, self.questions.of_task(task_id)))
        if not questions:
            return result_message(request.request_id, state_of("unknown", task_id))
        question, answer = await self._awaited(questions, timeout_s)
        if answer is None:
            return result_message(request.request_id, state_of("waiting", task_id, question))
        if not answer.is_from_person:
            self.questions.forget(question)
            return result_message(request.request_id, state_of("resolved", task_id, question))
        if not question.delivered_to:
            await self._resume(request, agent_id, question, answer, call_marcus)
        return result_message(request.request_id, state_of("answered", task_id, question) | answer_fields(answer))

    async def _awaited(
        self, questions: Sequence[AskedQuestion], timeout_s: float
    ) -> tuple[AskedQuestion, Answer | None]:
        """Return the question whose answer is due, with the answer; the newest question if there is none yet."""
        with suppress(*UNREADABLE):
            undelivered = [one for one in reversed(questions) if not one.delivered_to]
            if found := await self.answers.first_of(undelivered[:-1]):
                return found
        newest = questions[0]
        return newest, await self.answers.wait(newest, timeout_s)

    async def _give_back(self, request: ToolRequest, agent_id: str, call_marcus: CallMarcus) -> Message | None:
        """Return a task of the agent whose question was answered, with the answer.

        None if there is none, or if Marcus cannot be reached.
        """
        self.questions.note_call(agent_id)
        due = [
            one for one in self.answers.for_agent(agent_id, self.questions.open()) if one.key not in self._in_delivery
        ]
        if (found := await self.answers.first_of(due)) is None or found[0].key in self._in_delivery:
            return None
        question, answer = found
        self._in_delivery.add(question.key)
        try:
            is_resumed = await self._resume(request, agent_id, question, answer, call_marcus)
        finally:
            self._in_delivery.discard(question.key)
        return result_message(request.request_id, task_with(agent_id, question, answer)) if is_resumed else None

    async def _resume(
        self, request: ToolRequest, agent_id: str, question: AskedQuestion, answer: Answer, call_marcus: CallMarcus
    ) -> bool:
        """Tell Marcus that the agent goes on with the task, and note that it has the answer.

        Return False if Marcus did not answer: then the answer stays to be delivered, and Marcus is told with the next
        call. If Marcus refuses, the agent gets the answer all the same.
        """
        by = f" from {answer.by}" if answer.by else ""
        arguments = {
            "agent_id": agent_id,
            "task_id": question.task_id,
            "status": "in_progress",
            "progress": int(answer.progress),
            "message": f"Answer{by}: {answer.text}"[:MAX_MESSAGE],
        }
        started_at = utc_now()
        own = ToolRequest(f"{OWN}{uuid.uuid4().hex}", PROGRESS, arguments, request.meta)
        message = await call_marcus(own)
        if message is None:
            return False
        response = marcus_response(message)
        if response is None or response.get("success") is not True:
            logger.warning("Marcus did not resume task %s for %s: %s", question.task_id, agent_id, response or message)
        await asyncio.to_thread(
            self._settle, question, agent_id, MarcusCall(own, response or {}, started_at, utc_now())
        )
        return True

    def _settle(self, question: AskedQuestion, agent_id: str, call: MarcusCall) -> None:
        """Note the delivery. If the disk is full, the agent gets the answer all the same, and may get it again."""
        try:
            self.questions.settle(question, agent_id)
            self.questions.note_task(agent_id, question.task)
            self.publisher.put([event for event in events_of(call) if call.response and is_valid(event)])
        except Exception:
            logger.exception("the delivery of an answer to %s cannot be noted", agent_id)
        self.publisher.wake()


def asked_by(request: ToolRequest) -> tuple[str, str, str]:
    """Return the agent, the task and the question of a report."""
    return request.argument("agent_id"), request.argument("task_id"), request.argument("blocker_description")


def is_valid(event: Event) -> bool:
    """Whether the log can take an event; one that it cannot is logged."""
    found = check_event(event)
    if isinstance(found, InvalidEvent):
        logger.warning("an act of Marcus cannot be published: %s", found)
    return not isinstance(found, InvalidEvent)
