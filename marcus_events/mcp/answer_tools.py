"""The tools with which an agent asks a person and receives the answer: report_blocker and wait_for_answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from marcus_events.access.board_members import people_who_reply
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.blockers import waiting
from marcus_events.blockers.question_check import advice_for
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.problem import Problem
from marcus_events.live.hub import get_hub
from marcus_events.mcp import tickets
from marcus_events.mcp.publish_tools import publish
from marcus_events.mcp.tool_call import ToolCall, board_of_task, check_agent, in_thread
from marcus_events.mcp.tool_shapes import MAX_WAIT_S, AnswerResult, BlockerReport, EarlierAnswer, ReportStatus
from marcus_events.models import Blocker

MAX_PEOPLE = 5
NEXT = {
    "asked": "Call wait_for_answer with this ticket, and repeat the call while its status is waiting. You may do other "
    "work in between. Do not report the same question again.",
    "rephrase": "No person has been asked yet. {advice} Then call report_blocker again. To send the question "
    "unchanged, set ask_anyway=true.",
    "answered_before": "No person has been asked yet, because this question was answered before: see answered_before. "
    "If one of the answers fits, call report_blocker again with its ticket in accept, and act on it. Otherwise call it "
    "again with ask_anyway=true.",
    "accepted": "Act on the answer, then call report_progress.",
    "waiting": "Nobody has answered yet. Call wait_for_answer with this ticket again, now or after other work. The "
    "question stays open for as long as it takes.",
    "answered": "Act on the answer, then call report_progress.",
    "resolved": "The blocker has ended without a person's answer. Call get_task to see where the task stands.",
}
NOT_OFFERED = "accept: there is no answer with this ticket in answered_before. Call report_blocker without it."


async def report_blocker(call: ToolCall) -> BlockerReport:
    """Ask a person, unless the question has to be rephrased or was answered before: see `blockers.question_check`."""
    agent, task, question = check_agent(call), call.text("task"), call.text("question")
    board = await in_thread(board_of_task, call)
    known = await in_thread(tickets.open_blocker_of, board, task, question)
    earlier = await in_thread(tickets.earlier_answers, board, question)
    people = await in_thread(people_who_reply, board, MAX_PEOPLE)
    status, ticket, advice = await outcome_of_report(call, agent, board, known, earlier)
    return {
        "ticket": ticket,
        "status": status,
        "task": task,
        "board": board,
        "asked": {"people": people, "assigned_to": known.assignee or None if known else None},
        "answered_before": earlier,
        "next": NEXT[status if status in NEXT else "asked"].format(advice=advice),
    }


async def outcome_of_report(
    call: ToolCall, agent: str, board: str, known: Blocker | None, earlier: list[EarlierAnswer]
) -> tuple[ReportStatus, str | None, str]:
    """Do what the report asks for. Returns its status, its ticket, and what to change in the question."""
    if known is not None:
        return "asked_before", known.event_id, ""
    if accepted := call.text("accept"):
        await publish_accepted(call, agent, board, answer_offered(earlier, accepted))
        return "accepted", None, ""
    if not call.arguments.get("ask_anyway"):
        options, recommendation = call.arguments.get("options", []), call.text("recommendation")
        if advice := advice_for(call.text("question"), options, recommendation):
            return "rephrase", None, " ".join(advice)
        if earlier:
            return "answered_before", None, ""
    declined = {"declined_answers": [answer["ticket"] for answer in earlier]} if earlier else {}
    return "asked", await publish_blocker(call, agent, board, declined), ""


def answer_offered(earlier: list[EarlierAnswer], ticket: str) -> EarlierAnswer:
    """Return the earlier answer with this ticket. Raises Problem."""
    found = next((answer for answer in earlier if answer["ticket"] == ticket), None)
    if found is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, NOT_OFFERED)
    return found


async def publish_accepted(call: ToolCall, agent: str, board: str, answer: EarlierAnswer) -> None:
    """Publish that the agent acts on an earlier answer, as its decision."""
    why = f"{answer['answered_by']} answered the same question before"
    about = {"question": call.text("question"), "accepted_ticket": answer["ticket"]}
    decision = {"task_id": call.text("task"), "agent_id": agent, "what": answer["answer"], "why": why}
    await publish(call, EventTypes.DECISION_LOGGED, decision | about, board)


async def publish_blocker(call: ToolCall, agent: str, board: str, more: dict[str, Any]) -> str:
    """Publish the report, and return its ticket."""
    details = call.known("options", "recommendation", "severity", "context")
    data = {"task_id": call.text("task"), "agent_id": agent, "description": call.text("question")} | details | more
    receipt = await publish(call, EventTypes.TASK_BLOCKED, data, board)
    return receipt["event_id"]


async def wait_for_answer(call: ToolCall) -> AnswerResult:
    """Return the answer as soon as there is one, or that there is none yet after the timeout.

    The call changes nothing that a second one would not find: it may be repeated after any failure.
    """
    report = await in_thread(tickets.find_report, call.text("ticket"), call.visibility)
    blocker = await in_thread(tickets.find_blocker, report)
    timeout_s = float(call.arguments.get("timeout", MAX_WAIT_S))
    if not is_resolved(blocker) and timeout_s:
        with ConnectionSlots() as slots:
            slots.take_for_program(call.token.pk)
            await record(call, waiting.record_blocker_awaited, blocker, timeout_s)
            blocker = await wait_until_resolved(report, timeout_s)
    if is_resolved(blocker):
        await record(call, waiting.record_answer_received, blocker, call.agent)
    state = tickets.reported_blocker(blocker) if blocker else tickets.unprojected_blocker(report)
    result: Any = {**state, "next": NEXT[state["status"]]}
    return cast(AnswerResult, result)


def is_resolved(blocker: Blocker | None) -> bool:
    return blocker is not None and blocker.resolved_at is not None


async def record(call: ToolCall, function: Any, blocker: Blocker | None, value: Any) -> None:
    """Publish that the agent waits or has received the answer, if its token may publish."""
    if blocker is not None and "publish" in call.token.scopes:
        await in_thread(function, blocker, call.token.name, value)


async def wait_until_resolved(report: RecordedEvent, timeout_s: float) -> Blocker | None:
    """Return the blocker once it is resolved, or as it is after the timeout."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            return await next_resolution(report)
    return await in_thread(tickets.find_blocker, report)


async def next_resolution(report: RecordedEvent) -> Blocker | None:
    """Read the blocker whenever the projection has applied an event of its task, until it is resolved.

    The first reading is of everything that came before the subscription.
    """

    def concerns(event: RecordedEvent) -> bool:
        return (event.board_id, event.task_id) == (report.board_id, report.task_id)

    async with get_hub().subscribe(concerns) as subscription:
        unread_to: int | None = get_hub().head
        async for frame in subscription:
            if frame.events or frame.missed:
                unread_to = frame.head
            if unread_to is not None and frame.projected >= unread_to:
                unread_to = None
                blocker = await in_thread(tickets.find_blocker, report)
                if is_resolved(blocker):
                    return blocker
    return None
