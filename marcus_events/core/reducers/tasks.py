"""Tasks: their status, progress and agent."""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers.agents import follow_task, release
from marcus_events.core.reducers.blocker_handling import mark_resumed
from marcus_events.core.reducers.blockers import resolve_all, task_blocked
from marcus_events.core.reducers.boards import add_dependencies
from marcus_events.core.reducers.field_readers import percent, text, texts
from marcus_events.core.reducers.task_status import ensure_task, holder_after, with_status
from marcus_events.core.state import TASK_STATUSES, State, TaskState

DONE_WORDS = ("completed", "done")
STATUS_OF = dict.fromkeys(DONE_WORDS, "done") | {name: name for name in TASK_STATUSES}


def task_created(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if not (task := ensure_task(state, recorded, board_id)):
        return
    state.put(
        replace(
            task,
            description=text(recorded, "description") or task.description,
            priority=text(recorded, "priority") or task.priority,
            labels=texts(recorded, "labels") or task.labels,
            created_at=recorded.happened_at,
        )
    )
    add_dependencies(state, recorded, board_id, "depends_on")


def task_assigned(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if not (task := ensure_task(state, recorded, board_id)):
        return
    priority = text(recorded, "priority") or task.priority
    given = replace(task, agent_id=holder_after(recorded, task), priority=priority)
    if task.status in ("todo", "done") or (task.status == "in_progress" and given.agent_id != task.agent_id):
        given = with_status(given, "assigned", recorded)
    state.put(given)
    if given.agent_id != task.agent_id or given.status != task.status:
        follow_task(state, recorded, task, given)


def task_started(state: State, recorded: RecordedEvent, board_id: str) -> None:
    advance(state, recorded, board_id, "in_progress")


def task_progress(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Apply a progress report; it does not move a task that it reports as blocked."""
    stated = text(recorded, "status")
    advance(
        state, recorded, board_id, "done" if stated in DONE_WORDS else None if stated == "blocked" else "in_progress"
    )


def task_completed(state: State, recorded: RecordedEvent, board_id: str) -> None:
    advance(state, recorded, board_id, "done")


def task_updated(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Apply a change of the status, the agent, the name or the priority."""
    status = STATUS_OF.get(text(recorded, "status"))
    if status == "blocked":
        task_blocked(state, recorded, board_id)
    elif status in ("in_progress", "done"):
        advance(state, recorded, board_id, status)
    elif before := ensure_task(state, recorded, board_id):
        task = move(state, recorded, before, status)
        if (task.status, task.agent_id) != (before.status, before.agent_id):
            follow_task(state, recorded, before, task)
        if task.status == "todo":
            release(state, recorded, task)
    if (task_now := state.task(board_id, recorded.task_id or "")) and (priority := text(recorded, "priority")):
        state.put(replace(task_now, priority=priority))


def advance(state: State, recorded: RecordedEvent, board_id: str, status: str | None) -> None:
    """Move a task to a status; for None, update only its progress and agent."""
    if before := ensure_task(state, recorded, board_id):
        task = move(state, recorded, before, status)
        mark_resumed(state, recorded, board_id, task.task_id)
        follow_task(state, recorded, before, task)


def move(state: State, recorded: RecordedEvent, before: TaskState, status: str | None) -> TaskState:
    task = before
    if status:
        resolve_all(state, recorded, before, "the task moved on")
        task = with_status(before, status, recorded)
    progress = 100.0 if task.status == "done" else percent(recorded, task.progress)
    agent_id = holder_after(recorded, task)
    if (progress, agent_id) != (task.progress, task.agent_id):
        task = replace(task, progress=progress, agent_id=agent_id)
    state.put(task)
    return task
