"""Fields of an event's data, read as what they should be; whatever else stands there counts as nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marcus_events.core.event import InvalidEvent, Recorded, parse_timestamp
from marcus_events.core.payload import name_in

SEVERITIES = ("low", "medium", "high", "critical")


def text(recorded: Recorded, name: str) -> str:
    """A text, whole."""
    value = recorded.data.get(name)
    return value if isinstance(value, str) else ""


def stated_text(recorded: Recorded, name: str) -> str:
    """A text of the metadata, or else of the data."""
    value = recorded.metadata.get(name)
    return value if isinstance(value, str) and value else text(recorded, name)


def texts(recorded: Recorded, name: str) -> list[str]:
    value = recorded.data.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def ids(recorded: Recorded, name: str) -> list[str]:
    """The ids in a field that holds one, or a list of them."""
    value = recorded.data.get(name)
    found = [name_in(item) for item in (value if isinstance(value, list) else [value])]
    return [item for item in found if item]


def percent(recorded: Recorded, otherwise: float) -> float:
    value: Any = recorded.data.get("progress")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(max(0, min(100, value))) if is_number else otherwise


def moment(recorded: Recorded, name: str) -> datetime | None:
    """A time in the data, corrected by as much as its producer's clock was ahead; None where it is no time."""
    stated = stated_moment(recorded, name)
    return stated and stated - (recorded.timestamp - recorded.happened_at)


def stated_moment(recorded: Recorded, name: str) -> datetime | None:
    """The same as the producer has stated it."""
    try:
        return parse_timestamp(recorded.data.get(name))
    except InvalidEvent:
        return None
