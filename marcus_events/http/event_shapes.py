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
Position = Annotated[int, Keywords("The place in the log.", minimum=1)]
Name = Annotated[str, Keywords(f"At most {MAX_NAME_BYTES} bytes.", minLength=1, maxLength=MAX_NAME_BYTES)]
EventId = Annotated[Name, Keywords("Tells this event of its source from every other; made where it is missing.")]
EventTime = Annotated[
    Time, Keywords(f"The producer's clock, {EARLIEST.year} to {LATEST.year}; now where it is missing.")
]
RecordedTime = Annotated[Time, Keywords("When it was taken in, by the clock of the log.")]
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
    Keywords(
        "The fields of an event in the log that are not used as they stand; left out where there are none.", minItems=1
    ),
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
    """An event as the log holds it."""

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
    """A field, and what it should hold."""

    pointer: Annotated[str, Keywords("A JSON pointer (RFC 6901) into what was sent.")]
    expected: str


class PublishResult(TypedDict):
    """What became of one event. `code` is the status that it would have on its own."""

    event_id: str
    position: Annotated[
        int | None, Keywords("Where it stands; of a duplicate or a conflict, the first one.", minimum=1)
    ]
    status: Status
    code: Annotated[int, Keywords(enum=sorted({code.value for code in CODES.values()}))]
    error: NotRequired[Annotated[str | None, Keywords("Of a rejected one: the place and the reason.")]]
    pointer: NotRequired[
        Annotated[str | None, Keywords("Of a rejected one: a JSON pointer (RFC 6901) into what was sent.")]
    ]
    limit: NotRequired[Annotated[str | None, Keywords("Of a rejected one: the limit that it is beyond, if it is one.")]]
    warnings: NotRequired[Warnings]


class PublishAnswer(TypedDict):
    """What became of each event, in the order sent."""

    accepted: Count
    duplicates: Count
    rejected: Count
    results: Annotated[list[PublishResult], Keywords(minItems=1, maxItems=MAX_BATCH)]
