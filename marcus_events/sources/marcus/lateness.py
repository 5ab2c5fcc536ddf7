"""Marks what Marcus said of a task before the task was done or blocked, and what is read only after that was published.

Marcus writes several files, and a line may be read after a younger line of another file. State follows the order of the
log, so such an event is marked as out of order: it is kept, and moves nothing. All times here are of one machine's
clock, Marcus's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from marcus_events.core.event import OUT_OF_ORDER, Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reducers.report_order import MOVING
from marcus_events.core.references import board_of, task_of
from marcus_events.log.task_endings import Rest, TaskKey

DONE_WORDS = ("completed", "done")
TaskEndings = dict[TaskKey, Rest]
RestsOf = Callable[[list[str]], TaskEndings]


def with_marks(events: Sequence[Event], rests_of: RestsOf) -> list[Event]:
    """The events in their order; `rests_of` looks up in the log when tasks came to rest."""
    moving = [task_id for event in events if event.event_type in MOVING and (task_id := task_of(event))]
    if not moving:
        return list(events)
    rests = rests_of(sorted(set(moving)))
    return [with_mark(event, rests) for event in events]


def with_mark(event: Event, rests: TaskEndings) -> Event:
    """The event, marked where it is late; if it is not, and its task comes to rest with it, `rests` learns of that."""
    task_id = task_of(event)
    if event.event_type not in MOVING or not task_id:
        return event
    rest = rests.get(key := (board_of(event) or "", task_id), Rest())
    if is_late(event, rest):
        return replace(event, metadata=(event.metadata or {}) | {OUT_OF_ORDER: True})
    rests[key] = after(event, rest)
    return event


def is_late(event: Event, rest: Rest) -> bool:
    """A task may have several blockers at once, so a report of another one is late only when the task was done."""
    since = rest.done if event.event_type == T.TASK_BLOCKED else rest.either
    return since is not None and event.timestamp < since


def after(event: Event, rest: Rest) -> Rest:
    if is_done(event):
        return Rest(event.timestamp, event.timestamp)
    return replace(rest, either=latest(rest.either, event.timestamp)) if event.event_type == T.TASK_BLOCKED else rest


def is_done(event: Event) -> bool:
    said = event.event_type == T.TASK_PROGRESS and event.data.get("status") in DONE_WORDS
    return event.event_type == T.TASK_COMPLETED or said


def latest(one: datetime | None, other: datetime) -> datetime:
    return max(one or other, other)
