"""What a program says, read strictly. A mistake names the field that it is in; a field that there is not is one too: a
subscription whose `pattern` was misspelt would otherwise be sent everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from marcus_events.core.event import InvalidEvent
from marcus_events.core.payload import check_name, check_text
from marcus_events.core.problem import Problem
from marcus_events.http.json_body import check_size, parse
from marcus_events.http.query_params import MAX_POSITION, mistake

MAX_ID = 128  # characters: it comes back with every event
MAX_PATTERNS = 50
MAX_QUERY = 500  # characters: it is asked of every event, on the event loop

FrameFields = dict[str, Any]


@dataclass(frozen=True)
class Subscribe:
    """`after` is None for what comes from now on. `epoch` tells of which log it is a position, where that is known."""

    id: str
    patterns: tuple[str, ...]
    query: str
    board: str
    after: int | None
    epoch: UUID | None


@dataclass(frozen=True)
class Unsubscribe:
    id: str


@dataclass(frozen=True)
class Publish:
    """`place` is where in the frame the events, or the event, stand."""

    id: str | None
    items: list[Any]
    is_batch: bool
    place: str


IncomingFrame = Subscribe | Unsubscribe | Publish


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
        return id_of(stated)
    except Problem:
        return None


def read(stated: FrameFields) -> IncomingFrame:
    """Raises Problem."""
    action = stated.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise mistake("action", f"must be one of {', '.join(ACTIONS)}")
    fields, make = ACTIONS[action]
    if unknown := [name for name in stated if name not in ("action", "id", *fields)]:
        raise mistake(ascii(unknown[0][:MAX_ID]), f"is not a field of {action}; it takes id, {', '.join(fields)}")
    return make(stated)


def subscribe(stated: FrameFields) -> Subscribe:
    return Subscribe(
        needed_id(stated),
        patterns(stated.get("pattern")),
        text(stated, "q", MAX_QUERY),
        text(stated, "board", MAX_QUERY),
        position(stated.get("after")),
        epoch(stated.get("epoch")),
    )


def unsubscribe(stated: FrameFields) -> Unsubscribe:
    return Unsubscribe(needed_id(stated))


def publish(stated: FrameFields) -> Publish:
    if ("event" in stated) == ("events" in stated):
        raise mistake("events", "must be an array, or event must be an object; send one of the two")
    if "event" in stated:
        return Publish(id_of(stated), [stated["event"]], False, "/event")
    if not isinstance(stated["events"], list):
        raise mistake("events", "must be an array")
    return Publish(id_of(stated), stated["events"], True, "/events")


ACTIONS: dict[str, tuple[tuple[str, ...], Callable[[FrameFields], IncomingFrame]]] = {
    "subscribe": (("pattern", "q", "board", "after", "epoch"), subscribe),
    "unsubscribe": ((), unsubscribe),
    "publish": (("event", "events"), publish),
}


def needed_id(stated: FrameFields) -> str:
    if (found := id_of(stated)) is None:
        raise mistake("id", "is missing; it identifies the responses to this frame")
    return found


def id_of(stated: FrameFields) -> str | None:
    found = stated.get("id")
    return None if found is None else name(found, "id", MAX_ID)


def patterns(stated: Any) -> tuple[str, ...]:
    if stated is None:
        return ()
    listed = stated if isinstance(stated, list) else [stated]
    if not 1 <= len(listed) <= MAX_PATTERNS:
        raise mistake("pattern", f"must be a pattern or an array of 1 to {MAX_PATTERNS} patterns")
    return tuple(name(pattern, "pattern") for pattern in listed)


def text(stated: FrameFields, field: str, longest: int) -> str:
    found = stated.get(field)
    return "" if found in (None, "") else name(found, field, longest)


def name(value: Any, field: str, longest: int | None = None) -> str:
    try:
        found = check_name(value, field) if longest is None else check_text_of(value, field, longest)
    except InvalidEvent as error:
        raise mistake(field, error.reason) from None
    return found


def check_text_of(value: Any, field: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(field, "must be a non-empty string")
    if len(value) > longest:
        raise InvalidEvent(field, f"is longer than {longest} characters")
    check_text(value, field)
    return value


def position(stated: Any) -> int | None:
    if stated is None:
        return None
    if isinstance(stated, bool) or not isinstance(stated, int) or not 0 <= stated <= MAX_POSITION:
        raise mistake("after", f"must be a whole number from 0 to {MAX_POSITION}")
    return stated


def epoch(stated: Any) -> UUID | None:
    try:
        return None if stated is None else UUID(str(stated))
    except ValueError:
        raise mistake("epoch", "must be an epoch from a response to subscribe") from None
