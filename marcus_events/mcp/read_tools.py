"""The tools that read: get_task, list_blockers and search_history. They find what the token's board access allows."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from marcus_events.api.events import searched
from marcus_events.api.state_endpoints import task_resources
from marcus_events.core.problem import Problem
from marcus_events.http import query_params
from marcus_events.http.worker_threads import REPLAY_THREADS, run_in_thread
from marcus_events.mcp.tickets import reported_blocker
from marcus_events.mcp.tool_call import ToolCall, in_thread, named, on_visible_boards
from marcus_events.mcp.tool_shapes import DEFAULT_ROWS, BlockerList, FoundEvents, TaskResult
from marcus_events.models import Blocker, Task

MAX_BLOCKERS = 10  # of a task
MAX_BYTES = 64 * 1024  # of the events of a search: what an agent reads fills its context


async def get_task(call: ToolCall) -> TaskResult:
    return await in_thread(read_task, call)


def read_task(call: ToolCall) -> TaskResult:
    rows = list(on_visible_boards(Task.objects.now().filter(task_id=call.text("task")), call)[:MAX_BLOCKERS])
    if not rows:
        detail = "There is no such task on a board that this token can access. Check its id."
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    if len(rows) > 1:
        boards = named([row.board_id for row in rows])
        detail = f"Several boards have this task: {boards}. Name one of them in `board`."
        raise Problem(HTTPStatus.CONFLICT, detail, reason="Several boards have this task.")
    [task] = task_resources(rows, call.visibility, None)
    blockers = Blocker.objects.now().filter(board_id=rows[0].board_id, task_id=rows[0].task_id)
    found = blockers.order_by("-blocker_id")[:MAX_BLOCKERS]
    return {"task": task, "blockers": [reported_blocker(row) for row in found]}


async def list_blockers(call: ToolCall) -> BlockerList:
    return await in_thread(read_blockers, call)


def read_blockers(call: ToolCall) -> BlockerList:
    state = call.text("state") or "open"
    wanted: dict[str, Any] = {} if state == "all" else {"resolved_at__isnull": state == "open"}
    if task := call.text("task"):
        wanted["task_id"] = task
    if call.arguments.get("mine"):
        wanted["agent_id"] = call.agent
    rows = on_visible_boards(Blocker.objects.now().filter(**wanted), call)
    found = rows.order_by("-blocker_id")[: limit_of(call)]
    return {"blockers": [reported_blocker(row) for row in found]}


async def search_history(call: ToolCall) -> FoundEvents:
    # In threads of their own: a search may take two seconds, and answers must not wait for it.
    return await run_in_thread(REPLAY_THREADS, partial(search, call))


def search(call: ToolCall) -> FoundEvents:
    wanted = query_params.restrict_to_boards(
        query_params.parse_query(call.text("query")), call.text("board"), call.visibility
    )
    before = int(call.arguments["before"]) if "before" in call.arguments else None
    found = searched(wanted, before=before, limit=limit_of(call), max_bytes=MAX_BYTES)
    events: Any = [event.to_dict() for event in found.events]
    return {"events": events, "next": found.events[-1].position if found.has_more else None}


def limit_of(call: ToolCall) -> int:
    return int(call.arguments.get("limit", DEFAULT_ROWS))
