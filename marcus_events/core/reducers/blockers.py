"""Blockers, from the report to the resolution."""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data
from marcus_events.core.event_types import EventTypes
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.core.reducers.agents import follow_task
from marcus_events.core.reducers.field_readers import is_named, text
from marcus_events.core.reducers.redacted_effect import is_repeat
from marcus_events.core.reducers.task_status import ensure_task, holder_after, with_status
from marcus_events.core.reserved import person_in
from marcus_events.core.state import BlockerState, State, TaskState
from marcus_events.core.text_identity import normalised

NO_REASON = "No reason was given"
ANSWER_TOO_LATE = "the task was no longer blocked when it was to be sent"


def task_blocked(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if not (task := ensure_task(state, recorded, board_id)):
        return
    blocker = blocker_from(recorded, task)
    if is_repeat(recorded) or is_reported_already(state, blocker):
        return
    blocked = replace(with_status(task, "blocked", recorded), agent_id=blocker.agent_id)
    state.put(blocker)
    state.put(blocked)
    follow_task(state, recorded, task, blocked)


def is_reported_already(state: State, blocker: BlockerState) -> bool:
    """Whether the task has an open blocker with the same description; never for redacted descriptions."""
    others = state.open_blockers(blocker.board_id, blocker.task_id)
    same = (normalised(other.description) == blocker.description for other in others)
    return blocker.description != REDACTED and any(same)


def blocker_from(recorded: RecordedEvent, task: TaskState) -> BlockerState:
    """Make the blocker of a report, with its description normalised for comparison."""
    severity = text(recorded, "severity") or "medium"
    stated = (normalised(text(recorded, name)) for name in ("description", "reason"))
    return BlockerState(
        board_id=task.board_id,
        blocker_id=recorded.position,
        event_id=recorded.event.event_id,
        task_id=task.task_id,
        agent_id=holder_after(recorded, task),
        description=next(filter(None, stated), NO_REASON),
        severity=severity,
        reported_severity=severity,
        blocker_type=text(recorded, "blocker_type"),
        suggestion=None,
        opened_at=recorded.happened_at,
        resolved_at=None,
        resolution="",
    )


def blocker_suggestion(state: State, recorded: RecordedEvent, board_id: str) -> None:
    suggestion = read_data(recorded.data, "suggestion")
    blocker = named_blocker(state, recorded, board_id)
    if blocker and suggestion is not None:
        state.put(replace(blocker, suggestion=suggestion))


def blocker_updated(state: State, recorded: RecordedEvent, board_id: str) -> None:
    blocker, severity = named_blocker(state, recorded, board_id), text(recorded, "severity")
    if blocker and severity:
        state.put(replace(blocker, severity=severity))


def blocker_resolved(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Resolve the named blocker, or all open ones if none is named; after the last one the task moves on."""
    if not (task := ensure_task(state, recorded, board_id)):
        return
    resolution = text(recorded, "resolution") or "resolved"
    if names_blocker(recorded):
        resolve(state, recorded, named_blocker(state, recorded, board_id), resolution)
    else:
        resolve_all(state, recorded, task, resolution)
    if task.status == "blocked" and not state.open_blockers(board_id, task.task_id):
        free = with_status(task, "in_progress" if task.agent_id else "todo", recorded)
        state.put(free)
        resume_agent(state, recorded, task, free)


def resume_agent(state: State, recorded: RecordedEvent, before: TaskState, task: TaskState) -> None:
    """Update the agent if it still has the task."""
    agent = state.agent(task.board_id, task.agent_id)
    if agent and agent.task_id == task.task_id:
        follow_task(state, recorded, before, task)


def names_blocker(recorded: RecordedEvent) -> bool:
    return is_named(recorded, "blocker_event_id")


def named_blocker(state: State, recorded: RecordedEvent, board_id: str) -> BlockerState | None:
    """Return the named blocker, or the newest of the task if none is named."""
    blockers = state.blockers_of(board_id, recorded.task_id or "")
    if names_blocker(recorded):
        blockers = [blocker for blocker in blockers if blocker.event_id == text(recorded, "blocker_event_id")]
    return blockers[-1] if blockers else None


def resolve_all(state: State, recorded: RecordedEvent, task: TaskState, resolution: str) -> None:
    """Resolve all open blockers of the task."""
    for blocker in state.open_blockers(task.board_id, task.task_id):
        resolve(state, recorded, blocker, resolution)


def resolve(state: State, recorded: RecordedEvent, blocker: BlockerState | None, resolution: str) -> None:
    if blocker and blocker.resolved_at is None:
        resolved_at = max(recorded.happened_at, blocker.opened_at)
        by = recorded.source if recorded.event_type == EventTypes.BLOCKER_RESOLVED else ""
        ended = replace(blocker, resolved_at=resolved_at, resolution=resolution, resolved_by=by)
        state.put(ended if is_waiting_answer(recorded, blocker) else without_answer(ended, ANSWER_TOO_LATE))


def is_waiting_answer(recorded: RecordedEvent, blocker: BlockerState) -> bool:
    is_persons = recorded.event_type == EventTypes.BLOCKER_RESOLVED and bool(person_in(recorded.source))
    return is_persons and recorded.data.get("answer_id") == blocker.answer_id


def without_answer(blocker: BlockerState, reason: str) -> BlockerState:
    """Mark a waiting answer as undelivered; its text stays, so that it can be sent again."""
    if not blocker.answer_id:
        return blocker
    return replace(blocker, answer_id="", answer_due=None, undelivered=reason)
