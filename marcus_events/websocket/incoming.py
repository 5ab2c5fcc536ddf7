"""Every frame that a program may send, read strictly. A mistake names its field, and so does a field that does not
exist: a subscription whose `pattern` was misspelt would otherwise be sent everything.

Each field is declared once, with its type, how it is read, and what the AsyncAPI document says of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from marcus_events.core.event import InvalidEvent
from marcus_events.core.json_schema import Keywords, field_types, schema_of
from marcus_events.core.payload import MAX_EVENT_BYTES, check_name, check_text
from marcus_events.core.problem import Problem
from marcus_events.http.event_shapes import MAX_BATCH, EventToPublish
from marcus_events.http.json_body import check_size, parse
from marcus_events.http.query_params import MAX_POSITION, invalid_parameter

MAX_ID = 128  # characters: it comes back with every event
MAX_PATTERNS = 50
MAX_QUERY = 500  # characters: it is asked of every event, on the event loop

FrameFields = dict[str, Any]
FieldReader = Callable[[Any, str], Any]  # of the value and of the field's name; raises Problem

Id = Annotated[str, Keywords("Chosen by the client; responses repeat it.", minLength=1, maxLength=MAX_ID)]
LogPosition = Annotated[int, Keywords(minimum=0, maximum=MAX_POSITION)]
Epoch = Annotated[UUID, Keywords("Identifies the log. Changes when the log is replaced.")]
PATTERN = {"type": "string", "minLength": 1, "description": "An event type; * matches any text."}
PATTERNS = {"type": "array", "items": PATTERN, "minItems": 1, "maxItems": MAX_PATTERNS}
AS_OVER_HTTP = f"As in POST /api/events: data and metadata have at most {MAX_EVENT_BYTES // 1024} KiB together."
NEW_EVENT = schema_of(EventToPublish) | {"description": AS_OVER_HTTP}


@dataclass(frozen=True)
class Subscribe:
    """Subscribe to matching events, after a position or from now on."""

    id: Annotated[Id, needed_id]
    pattern: Annotated[tuple[str, ...], read_patterns, Keywords(oneOf=[PATTERN, PATTERNS])] = ()
    q: Annotated[str, read_text, Keywords("A query, as in GET /api/events.", maxLength=MAX_QUERY)] = ""
    board: Annotated[str, read_text, Keywords("Board id or name.", maxLength=MAX_QUERY)] = ""
    after: Annotated[LogPosition | None, read_position, Keywords("Defaults to the current head: new events only.")] = (
        None
    )
    epoch: Annotated[Epoch | None, read_epoch, Keywords("The epoch of the log that `after` belongs to.")] = None


@dataclass(frozen=True)
class Unsubscribe:
    """End a subscription."""

    id: Annotated[Id, needed_id]


@dataclass(frozen=True)
class Publish:
    """Publish one or more events. The response is sent after the commit."""

    id: Annotated[Id | None, read_id] = None
    event: Annotated[Any, as_stated, Keywords(**NEW_EVENT)] = None
    events: Annotated[
        list[Any] | None, as_stated, Keywords(type="array", items=NEW_EVENT, minItems=1, maxItems=MAX_BATCH)
    ] = None

    @property
    def is_batch(self) -> bool:
        return self.events is not None

    @property
    def items(self) -> list[Any]:
        return [self.event] if self.events is None else self.events

    @property
    def place(self) -> str:
        """Where in the frame the events, or the event, stand."""
        return "/events" if self.is_batch else "/event"


IncomingFrame = Subscribe | Unsubscribe | Publish
ACTIONS: dict[str, type[IncomingFrame]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe, "publish": Publish}


def stated_in(text: str | None) -> FrameFields:
    """The JSON object of a frame; a frame of bytes has no text. Raises Problem."""
    if text is None:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send text frames, not binary frames.")
    found = parse(check_size(text.encode()))
    if not isinstance(found, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "A frame must be a JSON object.")
    return found


def id_in(stated: FrameFields) -> str | None:
    """The frame's id, if it has one that can be answered to."""
    try:
        return read_id(stated.get("id"), "id")
    except Problem:
        return None


def read(stated: FrameFields) -> IncomingFrame:
    """Raises Problem."""
    action = stated.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise invalid_parameter("action", f"must be one of {', '.join(ACTIONS)}")
    readers = READERS[action]
    if unknown := [name for name in stated if name != "action" and name not in readers]:
        raise invalid_parameter(
            ascii(unknown[0][:MAX_ID]), f"is not a field of {action}; it takes {', '.join(readers)}"
        )
    if action == "publish":
        check_events(stated)
    values = {
        field: read(stated.get(field), field) for field, read in readers.items() if field in stated or field == "id"
    }
    return ACTIONS[action](**values)


def check_events(stated: FrameFields) -> None:
    if ("event" in stated) == ("events" in stated):
        raise invalid_parameter("events", "must be an array, or event must be an object; send one of the two")
    if "events" in stated and not isinstance(stated["events"], list):
        raise invalid_parameter("events", "must be an array")


def as_stated(value: Any, field: str) -> Any:
    return value


def needed_id(value: Any, field: str) -> str:
    if value is None:
        raise invalid_parameter("id", "is missing; it identifies the responses to this frame")
    return name(value, field, MAX_ID)


def read_id(value: Any, field: str) -> str | None:
    return None if value is None else name(value, field, MAX_ID)


def read_patterns(value: Any, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    if not 1 <= len(listed) <= MAX_PATTERNS:
        raise invalid_parameter(field, f"must be a pattern or an array of 1 to {MAX_PATTERNS} patterns")
    return tuple(name(pattern, field) for pattern in listed)


def read_text(value: Any, field: str) -> str:
    return "" if value in (None, "") else name(value, field, MAX_QUERY)


def name(value: Any, field: str, longest: int | None = None) -> str:
    try:
        found = check_name(value, field) if longest is None else check_text_of(value, field, longest)
    except InvalidEvent as error:
        raise invalid_parameter(field, error.reason) from None
    return found


def check_text_of(value: Any, field: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(field, "must be a non-empty string")
    if len(value) > longest:
        raise InvalidEvent(field, f"is longer than {longest} characters")
    check_text(value, field)
    return value


def read_position(value: Any, field: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_POSITION:
        raise invalid_parameter(field, f"must be a whole number from 0 to {MAX_POSITION}")
    return value


def read_epoch(value: Any, field: str) -> UUID | None:
    try:
        return None if value is None else UUID(str(value))
    except ValueError:
        raise invalid_parameter(field, "must be an epoch from a response to subscribe") from None


def readers_of(kind: type[IncomingFrame]) -> dict[str, FieldReader]:
    """The function that stands beside each field's type."""
    return {name: next(filter(callable, hint.__metadata__)) for name, hint in field_types(kind).items()}


READERS = {action: readers_of(kind) for action, kind in ACTIONS.items()}
