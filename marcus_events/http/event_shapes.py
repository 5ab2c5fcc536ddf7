"""The JSON of events and of what became of them, as it is published and answered over HTTP and WebSockets alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, NotRequired, TypedDict

from marcus_events.core.event import CLOCK_TOLERANCE, EARLIEST, LATEST
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.json_schema import Keywords
from marcus_events.core.payload import MAX_NAME_BYTES
from marcus_events.ingest import Status

MAX_BATCH = 500  # events in a request
CODES = {
    "accepted": HTTPStatus.CREATED,
    "duplicate": HTTPStatus.OK,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "conflict": HTTPStatus.CONFLICT,
    "forbidden": HTTPStatus.FORBIDDEN,
}

Time = Annotated[str, Keywords(format="date-time")]
Count = Annotated[int, Keywords(minimum=0)]
Position = Annotated[int, Keywords("Position in the log.", minimum=1)]
Name = Annotated[str, Keywords(f"At most {MAX_NAME_BYTES} bytes.", minLength=1, maxLength=MAX_NAME_BYTES)]
EventId = Annotated[Name, Keywords("Identifies the event among all events of its source; generated if missing.")]
EventTime = Annotated[Time, Keywords(f"When the event happened, {EARLIEST.year} to {LATEST.year}; defaults to now.")]
RecordedTime = Annotated[Time, Keywords("When the event was recorded, by the log's clock.")]
ClockAhead = Annotated[
    float,
    Keywords(
        "How far the producer's clock was ahead of the log's, in seconds; there only when it was ahead by more than "
        "five minutes. Such an event counts from `recorded_at`.",
        exclusiveMinimum=CLOCK_TOLERANCE.total_seconds(),
    ),
]
Warnings = Annotated[
    list["PublishWarning"],
    Keywords("Fields whose value is ignored because it has the wrong type; omitted if there are none.", minItems=1),
]


class EventToPublish(TypedDict):
    """What happened. Further fields are kept as `extra` in the metadata."""

    event_id: NotRequired[EventId]
    timestamp: NotRequired[EventTime]
    event_type: Name
    source: Name
    data: NotRequired[dict[str, Any]]
    metadata: NotRequired[dict[str, Any]]


class PublishedEvent(TypedDict):
    """An event in the log."""

    event_id: Name
    timestamp: Time
    event_type: Name
    source: Name
    data: dict[str, Any]
    metadata: dict[str, Any]
    position: Position
    recorded_at: RecordedTime
    category: Annotated[str, Keywords(enum=list(CATEGORIES))]
    clock_ahead_s: NotRequired[ClockAhead]


class PublishWarning(TypedDict):
    """A field and its expected value."""

    pointer: Annotated[str, Keywords("A JSON pointer (RFC 6901) into what was sent.")]
    expected: str


class PublishResult(TypedDict):
    """The result for one event. `code` is the status the event would have on its own."""

    event_id: str
    position: Annotated[
        int | None,
        Keywords("Position in the log; for a duplicate or a conflict, the position of the first event.", minimum=1),
    ]
    status: Status
    code: Annotated[int, Keywords(enum=sorted({code.value for code in CODES.values()}))]
    error: NotRequired[Annotated[str | None, Keywords("For a rejected event: where and why.")]]
    pointer: NotRequired[
        Annotated[str | None, Keywords("For a rejected event: a JSON Pointer (RFC 6901) into the request.")]
    ]
    limit: NotRequired[Annotated[str | None, Keywords("For a rejected event: the limit it exceeds, if any.")]]
    warnings: NotRequired[Warnings]


class PublishAnswer(TypedDict):
    """The result for each event, in the order sent."""

    accepted: Count
    duplicates: Count
    rejected: Count
    results: Annotated[list[PublishResult], Keywords(minItems=1, maxItems=MAX_BATCH)]
