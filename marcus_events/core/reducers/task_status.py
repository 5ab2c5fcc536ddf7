"""The task of an event, its status and its agent."""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core import sentences
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reducers.field_readers import text
from marcus_events.core.state import State, TaskState

TASK_NAMING_TYPES = (EventTypes.TASK_CREATED, EventTypes.TASK_UPDATED)  # what may name a task anew


def ensure_task(state: State, recorded: RecordedEvent, board_id: str) -> TaskState | None:
    """Return the task of the event, and create it if it is new; None if the event names none."""
    if not recorded.task_id:
        return None
    task = state.task(board_id, recorded.task_id)
    if task is None:
        name, now = sentences.field(recorded, "task_name") or recorded.task_id, recorded.happened_at
        task = TaskState(board_id, recorded.task_id, name, "", "", [], "todo", now, "", 0.0, now)
    elif task.name == task.task_id or recorded.event_type in TASK_NAMING_TYPES:
        name = sentences.field(recorded, "task_name") or task.name
        task = task if name == task.name else replace(task, name=name)
    if recorded.event_type in TASK_NAMING_TYPES and (parent := text(recorded, "parent_task_id")):
        task = replace(task, parent_task_id=parent if parent != task.task_id else "")
    state.put(task)
    return task


def with_status(task: TaskState, status: str, recorded: RecordedEvent) -> TaskState:
    """Return the task with this status. `status_since` never decreases; a reopened task loses its progress."""
    if task.status == status:
        return task
    progress = 0.0 if task.status == "done" else task.progress
    return replace(task, status=status, status_since=max(recorded.happened_at, task.status_since), progress=progress)


def holder_after(recorded: RecordedEvent, task: TaskState) -> str:
    """Return the agent that has the task after the event. An empty `assigned_to` means that nobody has it."""
    assigned_to = text(recorded, "assigned_to")
    if recorded.data.get("assigned_to") == "":
        return ""
    return recorded.agent_id or assigned_to or task.agent_id
