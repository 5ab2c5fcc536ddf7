"""Read fields of an event by `core.event_fields`; unusable values count as absent."""

from __future__ import annotations

from datetime import datetime

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data, read_metadata


def text(recorded: RecordedEvent, name: str) -> str:
    """Return a text or an id; "" if it is absent."""
    found: str | None = read_data(recorded.data, name)
    return found or ""


def stated_text(recorded: RecordedEvent, name: str) -> str:
    """Return a text of the metadata, or else of the data."""
    found: str | None = read_metadata(recorded.metadata, name)
    return found or text(recorded, name)


def stated_texts(recorded: RecordedEvent, *names: str) -> dict[str, str]:
    """Return these texts of the metadata, or else of the data, without absent ones."""
    data, metadata, found = recorded.data, recorded.metadata, {}
    for name in names:
        if (name in data or name in metadata) and (stated := stated_text(recorded, name)):
            found[name] = stated
    return found


def texts(recorded: RecordedEvent, name: str) -> list[str]:
    """Return the texts or ids of a field that holds one or a list."""
    found: list[str] | None = read_data(recorded.data, name)
    return found or []


def is_named(recorded: RecordedEvent, name: str) -> bool:
    """Whether the field names an id, even an invalid one."""
    return bool(recorded.data.get(name)) or bool(text(recorded, name))


def percent(recorded: RecordedEvent, otherwise: float) -> float:
    found: float | None = read_data(recorded.data, "progress")
    return otherwise if found is None else found


def moment(recorded: RecordedEvent, name: str) -> datetime | None:
    """Return a time in the data, corrected by how far the producer's clock was ahead; None if it is absent."""
    stated = stated_moment(recorded, name)
    return stated and stated - (recorded.timestamp - recorded.happened_at)


def stated_moment(recorded: RecordedEvent, name: str) -> datetime | None:
    """Return a time in the data as the producer sent it."""
    found: datetime | None = read_data(recorded.data, name)
    return found
