"""The event as a producer sends it (`Event`), and as the log stores it (`RecordedEvent`).

`Event` has the documented fields of Marcus's own class and can replace it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self

from marcus_events.core.event_types import category_of
from marcus_events.core.task_links import NAMING_OTHERS
from marcus_events.core.text_search import Words, texts_in, word_run_beside

# What a log of software agents can mean; outside of it lie clocks that were never set.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

OUT_OF_ORDER = "out_of_order"  # in the metadata, by a producer: see `core.reducers.report_order`
CLOCK_TOLERANCE = timedelta(minutes=5)  # clocks that nobody synchronises drift by seconds a day; more is worth telling


class InvalidEvent(ValueError):
    """The event is invalid; the message names the field and the reason."""

    def __init__(self, pointer: str, reason: str, limit: str | None = None) -> None:
        super().__init__(f"{pointer or '/'}: {reason}")
        self.pointer = pointer  # JSON pointer (RFC 6901) into the event
        self.reason = reason
        self.limit = limit  # the name of the limit that it is beyond, if it is one: see docs/api.md


@dataclass
class Event:
    """An event. `timestamp` is by the producer's clock, in UTC; `source` names the producer."""

    event_id: str
    timestamp: datetime
    event_type: str
    source: str
    data: dict[str, Any]
    metadata: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a deep copy as plain data, with the timestamp in ISO 8601."""
        return asdict(self) | {"timestamp": self.timestamp.isoformat()}

    def to_json(self) -> str:
        """Return the event as a JSON object. Raises TypeError if `data` is not JSON."""
        return json.dumps(vars(self) | {"timestamp": self.timestamp.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The event that `to_json` wrote. Raises ValueError, TypeError or KeyError where it is none."""
        stated = json.loads(text)
        return cls(**stated | {"timestamp": datetime.fromisoformat(stated["timestamp"])})


@dataclass(frozen=True)
class RecordedEvent:
    """An event as the log stores it.

    Positions are consecutive. `recorded_at` is by the server's clock and never decreases along the log. `board_id`,
    `task_id` and `agent_id` are taken from the event's fields at ingest (`core.references`).
    """

    position: int
    recorded_at: datetime
    event: Event
    board_id: str | None = None
    task_id: str | None = None
    agent_id: str | None = None

    @property
    def event_type(self) -> str:
        return self.event.event_type

    @property
    def source(self) -> str:
        return self.event.source

    @property
    def timestamp(self) -> datetime:
        return self.event.timestamp

    @property
    def happened_at(self) -> datetime:
        """The timestamp, or the time of recording if the producer's clock was ahead.

        Counts, filters and pages use this time.
        """
        return min(self.timestamp, self.recorded_at)

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the producer's clock was ahead of the server's; None within CLOCK_TOLERANCE."""
        ahead = self.timestamp - self.recorded_at
        return ahead if ahead > CLOCK_TOLERANCE else None

    @property
    def data(self) -> dict[str, Any]:
        return self.event.data

    @property
    def metadata(self) -> dict[str, Any]:
        return self.event.metadata or {}

    @cached_property
    def words(self) -> Words:
        """The words of the type, the source and the texts. Cached: many filters may search the same event."""
        return Words.of(self.texts())

    @cached_property
    def words_of_others(self) -> Words:
        """The words of the fields that name other tasks, for readers who see every board."""
        return Words.in_run(self.run_of_others())

    def texts(self) -> tuple[str, ...]:
        """Return the searchable texts, without those that name other tasks."""
        own = self.data
        if not own.keys().isdisjoint(NAMING_OTHERS):
            own = {name: value for name, value in own.items() if name not in NAMING_OTHERS}
        return self.event_type, self.source, *texts_in(own), *texts_in(self.metadata)

    def run_of_others(self) -> list[str]:
        """Return the words that name other tasks, as many as the search index has room for."""
        if self.data.keys().isdisjoint(NAMING_OTHERS):
            return []
        return word_run_beside(
            self.texts(), texts_in([self.data[name] for name in sorted(NAMING_OTHERS) if name in self.data])
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the documented fields and those of the log; `clock_ahead_s` only if the clock was ahead."""
        ahead = {"clock_ahead_s": round(self.clock_ahead.total_seconds(), 3)} if self.clock_ahead else {}
        return (
            vars(self.event)
            | {
                "timestamp": self.timestamp.isoformat(),
                "position": self.position,
                "recorded_at": self.recorded_at.isoformat(),
                "category": category_of(self.event_type),
            }
            | ahead
        )


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def parse_timestamp(text: object, pointer: str = "/timestamp") -> datetime:
    """Parse an ISO 8601 timestamp with a time zone (a lowercase t and z are allowed) to UTC. Raises InvalidEvent."""
    if not isinstance(text, str):
        raise InvalidEvent(pointer, "must be an ISO 8601 string with a time zone")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise InvalidEvent(pointer, "is not an ISO 8601 timestamp such as 2026-05-04T09:00:00Z") from None
    return check_moment(moment, pointer)


def check_moment(moment: object, pointer: str = "/timestamp") -> datetime:
    """Return an aware time between EARLIEST and LATEST in UTC. Raises InvalidEvent."""
    if not isinstance(moment, datetime):
        raise InvalidEvent(pointer, "must be a time")
    if moment.utcoffset() is None:
        raise InvalidEvent(pointer, "has no time zone; end it with Z or an offset such as +00:00")
    if not EARLIEST <= moment <= LATEST:
        raise InvalidEvent(pointer, f"is outside the years {EARLIEST.year} to {LATEST.year}", "timestamp")
    return moment.astimezone(UTC)
