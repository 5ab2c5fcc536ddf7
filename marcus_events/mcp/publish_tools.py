"""The tools with which an agent reports what it does: publish_event and report_progress."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from marcus_events.core.event_types import EventTypes
from marcus_events.core.problem import Problem
from marcus_events.http import publish_items
from marcus_events.ingest import Receipt
from marcus_events.mcp.tool_call import ToolCall, board_of_task, check_agent, in_thread
from marcus_events.mcp.tool_shapes import EventReceipt

# The argument that stands at a place of the event.
ARGUMENTS = {
    "/source": "agent",
    "/metadata/board_id": "board",
    "/data/task_id": "task",
    "/data/agent_id": "agent",
    "/data/description": "question",
}
NOTHING_TO_REPORT = "Nothing to report: state progress, message or status."


async def publish_event(call: ToolCall) -> EventReceipt:
    data = {"agent_id": check_agent(call)} | call.arguments.get("data", {})
    board = call.text("board")
    if task := call.text("task"):
        data["task_id"] = task
        board = await in_thread(board_of_task, call)
    return await publish(call, call.text("event_type"), data, board, call.text("event_id"))


async def report_progress(call: ToolCall) -> EventReceipt:
    stated = call.known("progress", "message")
    is_done = call.text("status") == "done"
    if not stated and "status" not in call.arguments:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, NOTHING_TO_REPORT)
    data = {"task_id": call.text("task"), "agent_id": check_agent(call)} | stated
    board = await in_thread(board_of_task, call)
    return await publish(call, EventTypes.TASK_COMPLETED if is_done else EventTypes.TASK_PROGRESS, data, board)


async def publish(
    call: ToolCall, event_type: str, data: dict[str, Any], board: str, event_id: str = ""
) -> EventReceipt:
    """Publish an event as the agent, with the rights of its token. Raises Problem if it is rejected."""
    item = {
        "event_id": event_id or publish_items.new_id(),
        "event_type": event_type,
        "source": check_agent(call),
        "data": data,
        "metadata": {"board_id": board} if board else {},
    }
    [receipt] = await publish_items.publish([item], publish_items.native_event, call.token, aside=True)
    if receipt.status == "rejected" or receipt.position is None:
        raise rejection(receipt)
    result = publish_items.item_result(receipt, "")
    found: EventReceipt = {"event_id": receipt.event_id, "position": receipt.position, "status": receipt.status}
    if "warnings" in result:
        found["warnings"] = result["warnings"]
    return found


def rejection(receipt: Receipt) -> Problem:
    """Make the error of a rejected event, which names the argument in place of the field of the event."""
    reason = publish_items.rejection_reason([receipt])
    detail = receipt.error or "The event was not accepted."
    if pointer := receipt.pointer:
        detail = ARGUMENTS.get(pointer, pointer.strip("/")) + detail.removeprefix(pointer)
    return Problem(publish_items.status_code(receipt), detail, reason=reason)
