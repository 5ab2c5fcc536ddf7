"""Events without what they name on boards that the reader does not see.

An event is read by whoever sees its board. What its task depends on may be a task of another board: of that, a reader
who does not see it learns that there is one. Its id becomes null, and its name says `ANOTHER`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from marcus_events.core.event import RecordedEvent
from marcus_events.core.payload import name_in
from marcus_events.core.reducers.boards import DEPENDENCY_BOARD_FIELDS, dependency_board
from marcus_events.core.reducers.field_readers import texts
from marcus_events.log.task_boards import NamedTask, boards_of


class Masked(RecordedEvent):
    """An event without what its reader may not know."""


ANOTHER = "a task on another board"  # what is said of a task to whoever may not see its board
OTHERS = ("depends_on", "depends_on_id")


def masked(events: Sequence[RecordedEvent], seen: frozenset[str] | None) -> list[RecordedEvent]:
    """The events as somebody may read them who sees these boards; None is all of them."""
    if seen is None or not (named := {name for event in events for name in others(event)}):
        return list(events)
    hidden = {name for name, board_id in boards_of(named).items() if board_id not in seen}
    return [without(event, hidden) if hidden.intersection(others(event)) else event for event in events]


def is_masked(event: RecordedEvent) -> bool:
    """Told by its kind, not by what it says: a producer may say anything."""
    return isinstance(event, Masked)


def others(event: RecordedEvent) -> list[NamedTask]:
    """The tasks that the event's task depends on."""
    board_id, other = event.board_id or "", dependency_board(event)
    return [(board_id, other, task_id) for name in OTHERS for task_id in texts(event, name)]


def without(event: RecordedEvent, hidden: set[NamedTask]) -> RecordedEvent:
    hides = {task_id for _, _, task_id in hidden.intersection(others(event))}
    data = {name: value for name, value in event.data.items() if name not in DEPENDENCY_BOARD_FIELDS}
    data |= {name: kept(data[name], hides) for name in OTHERS if hides.intersection(texts(event, name))}
    if hides.intersection(texts(event, "depends_on_id")) or not texts(event, "depends_on_id"):
        data["depends_on_name"] = ANOTHER
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    return Masked(**values | {"event": replace(event.event, data=data)})


def kept(value: Any, hides: set[str]) -> Any:
    """What is left of a field that names any of these: of a list the other items."""
    if isinstance(value, list):
        return [None if name_in(item) in hides else item for item in value]
    return None
