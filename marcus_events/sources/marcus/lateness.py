"""Marks events that are read after a newer event finished or blocked their task.

Marcus writes several files, so a line may be read after a newer line of another file. State follows the order of the
log, so such an event is marked as out of order: the log stores it, and it changes no state. All times come from
Marcus's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from marcus_events.core.event import OUT_OF_ORDER, Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reducers.report_order import TASK_MOVING_TYPES
from marcus_events.core.reducers.tasks import DONE_WORDS
from marcus_events.core.references import board_of, task_of
from marcus_events.log.task_endings import Rest, TaskKey

TaskEndings = dict[TaskKey, Rest]
FindTaskEndings = Callable[[list[str]], TaskEndings]


def mark_late_events(events: Sequence[Event], endings_of: FindTaskEndings) -> list[Event]:
    """Return the events in order, with late ones marked; `endings_of` finds when tasks last ended in the log."""
    moving = [task_id for event in events if event.event_type in TASK_MOVING_TYPES and (task_id := task_of(event))]
    if not moving:
        return list(events)
    endings = endings_of(sorted(set(moving)))
    return [mark_if_late(event, endings) for event in events]


def mark_if_late(event: Event, endings: TaskEndings) -> Event:
    """Return the event, marked if late. Otherwise record in `endings` what the event ends."""
    task_id = task_of(event)
    if event.event_type not in TASK_MOVING_TYPES or not task_id:
        return event
    rest = endings.get(key := (board_of(event) or "", task_id), Rest())
    if is_late(event, rest):
        return replace(event, metadata=(event.metadata or {}) | {OUT_OF_ORDER: True})
    endings[key] = rest_after(event, rest)
    return event


def is_late(event: Event, rest: Rest) -> bool:
    """Return whether the task ended after the event. Other blockers may be open, so only completion makes a blocker
    late.
    """
    since = rest.done if event.event_type == T.TASK_BLOCKED else rest.either
    return since is not None and event.timestamp < since


def rest_after(event: Event, rest: Rest) -> Rest:
    if is_done(event):
        return Rest(event.timestamp, event.timestamp)
    return replace(rest, either=latest(rest.either, event.timestamp)) if event.event_type == T.TASK_BLOCKED else rest


def is_done(event: Event) -> bool:
    said = event.event_type == T.TASK_PROGRESS and event.data.get("status") in DONE_WORDS
    return event.event_type == T.TASK_COMPLETED or said


def latest(one: datetime | None, other: datetime) -> datetime:
    return max(one or other, other)
