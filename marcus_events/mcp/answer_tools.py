"""The tools with which an agent asks a person and receives the answer: report_blocker and wait_for_answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

from marcus_events.access.board_members import people_who_reply
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.blockers import waiting
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.live.hub import get_hub
from marcus_events.mcp import tickets
from marcus_events.mcp.publish_tools import publish
from marcus_events.mcp.tool_call import ToolCall, board_of_task, check_agent, in_thread
from marcus_events.mcp.tool_shapes import MAX_WAIT_S, AnswerResult, BlockerReport
from marcus_events.models import Blocker

MAX_PEOPLE = 5
NEXT = {
    "asked": "Call wait_for_answer with this ticket, again and again until its status is answered. You may do other "
    "work in between. Do not report the same question again.",
    "answered_before": "This question was answered before: see answered_before. If that answer fits, act on it and "
    "call report_progress. Otherwise call wait_for_answer with this ticket.",
    "waiting": "Nobody has answered yet. Call wait_for_answer with this ticket again, now or after other work. The "
    "question stays open for as long as it takes.",
    "answered": "Act on the answer, then call report_progress.",
    "resolved": "The blocker has ended without a person's answer. Call get_task to see where the task stands.",
}


async def report_blocker(call: ToolCall) -> BlockerReport:
    agent, task, question = check_agent(call), call.text("task"), call.text("question")
    board = await in_thread(board_of_task, call)
    known = await in_thread(tickets.open_blocker_of, board, task, question)
    ticket = known.event_id if known else await publish_blocker(call, agent, board)
    earlier = await in_thread(tickets.earlier_answers, board, question)
    people = await in_thread(people_who_reply, board, MAX_PEOPLE)
    return {
        "ticket": ticket,
        "status": "asked_before" if known else "asked",
        "task": task,
        "board": board,
        "asked": {"people": people, "assigned_to": known.assignee or None if known else None},
        "answered_before": earlier,
        "next": NEXT["answered_before" if earlier else "asked"],
    }


async def publish_blocker(call: ToolCall, agent: str, board: str) -> str:
    """Publish the report, and return its ticket."""
    details = call.known("options", "recommendation", "severity", "context")
    data = {"task_id": call.text("task"), "agent_id": agent, "description": call.text("question")} | details
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
