"""Fields of an event's data, read as `core.event_fields` expects them; whatever else stands there counts as nothing."""

from __future__ import annotations

from datetime import datetime

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data, read_metadata


def text(recorded: RecordedEvent, name: str) -> str:
    """A text, whole; an id."""
    found: str | None = read_data(recorded.data, name)
    return found or ""


def stated_text(recorded: RecordedEvent, name: str) -> str:
    """A text of the metadata, or else of the data."""
    found: str | None = read_metadata(recorded.metadata, name)
    return found or text(recorded, name)


def texts(recorded: RecordedEvent, name: str) -> list[str]:
    """The texts, or the ids, in a field that holds one, or a list of them."""
    found: list[str] | None = read_data(recorded.data, name)
    return found or []


def is_named(recorded: RecordedEvent, name: str) -> bool:
    """Whether an id is named, be it one that nothing can have."""
    return bool(recorded.data.get(name)) or bool(text(recorded, name))


def percent(recorded: RecordedEvent, otherwise: float) -> float:
    found: float | None = read_data(recorded.data, "progress")
    return otherwise if found is None else found


def moment(recorded: RecordedEvent, name: str) -> datetime | None:
    """A time in the data, corrected by as much as its producer's clock was ahead; None where it is no time."""
    stated = stated_moment(recorded, name)
    return stated and stated - (recorded.timestamp - recorded.happened_at)


def stated_moment(recorded: RecordedEvent, name: str) -> datetime | None:
    """The same as the producer has stated it."""
    found: datetime | None = read_data(recorded.data, name)
    return found
