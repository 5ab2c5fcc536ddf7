"""Every frame that a program is sent, as JSON. What each holds is declared once; fields may be added to them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

from marcus_events.core.event import utc_now
from marcus_events.core.json_schema import Keywords, schema_of
from marcus_events.core.problem import Problem
from marcus_events.http import publish_items
from marcus_events.http.event_shapes import Count, PublishedEvent, PublishResult, Time
from marcus_events.ingest import Receipt
from marcus_events.websocket.incoming import Epoch, Id, LogPosition

MOST_SENT = 1024 * 1024  # bytes; servers refuse to send a message of more, and the connection is silent from then on
MOST_ALIKE = 4  # frames that are kept, since many connections are sent the same, one after another
SHORT = ("position", "status", "code")  # of a result, where all of it would be too large
SHORT_RESULTS = "The result for one event, in the order sent. Large responses contain only the first three fields."
RESULT = schema_of(PublishResult) | {"required": list(SHORT), "description": SHORT_RESULTS}


class SubscribedFrame(TypedDict):
    """Subscribed. Events after this position follow."""

    type: Literal["subscribed"]
    id: Id
    after: LogPosition
    epoch: Epoch


class EventFrame(TypedDict):
    """An event of a subscription. Events arrive in log order, each once."""

    type: Literal["event"]
    id: Id
    event: Annotated[PublishedEvent, Keywords("As in GET /api/events.")]


class CaughtUpFrame(TypedDict):
    """All events up to the head have been sent. New events follow."""

    type: Literal["caught_up"]
    id: Id
    head: LogPosition


PositionSpan = TypedDict("PositionSpan", {"from": LogPosition, "to": LogPosition})


class GapFrame(PositionSpan):
    """The log no longer has these positions."""

    type: Literal["gap"]
    id: Id
    missed: Count


class ResetFrame(TypedDict):
    """The log has been replaced. Events after this position in the new log follow."""

    type: Literal["reset"]
    id: Id
    after: LogPosition
    epoch: Epoch


class UnsubscribedFrame(TypedDict):
    """The subscription has ended."""

    type: Literal["unsubscribed"]
    id: Id


class PublishedFrame(TypedDict):
    """The result for each event."""

    type: Literal["published"]
    id: Id | None
    accepted: Count
    duplicates: Count
    rejected: Count
    results: Annotated[list[Any], Keywords(type="array", items=RESULT)]


class ErrorFrame(TypedDict):
    """Why a frame failed or, without an id, why the connection closes."""

    type: Literal["error"]
    id: Id | None
    code: int
    detail: str
    parameter: NotRequired[Annotated[str, Keywords("The invalid field.")]]
    limit: NotRequired[Annotated[str, Keywords("The limit the frame exceeds.")]]
    retry_after_s: NotRequired[Annotated[int, Keywords(minimum=1)]]


class HeartbeatFrame(TypedDict):
    """The connection is alive. Each subscription has received all events up to its position."""

    type: Literal["heartbeat"]
    head: LogPosition | None
    at: Time
    positions: dict[str, LogPosition]


def subscribed(name: str, after: int, epoch: UUID) -> str:
    return encoded(SubscribedFrame(type="subscribed", id=name, after=after, epoch=epoch))


def unsubscribed(name: str) -> str:
    return encoded(UnsubscribedFrame(type="unsubscribed", id=name))


@lru_cache(maxsize=MOST_ALIKE)
def event(name: str, text: str) -> str:
    """`text` is the event's JSON, which is made once."""
    return f'{{"type": "event", "id": {json.dumps(name)}, "event": {text}}}'


def caught_up(name: str, head: int) -> str:
    return encoded(CaughtUpFrame(type="caught_up", id=name, head=head))


def gap(name: str, after: int, oldest: int) -> str:
    """The log does not hold the positions after `after` and before `oldest` any more."""
    first, last = after + 1, oldest - 1
    frame: GapFrame = {"type": "gap", "id": name, "missed": last - after, "from": first, "to": last}
    return encoded(frame)


def reset(name: str, after: int, epoch: UUID) -> str:
    return encoded(ResetFrame(type="reset", id=name, after=after, epoch=epoch))


def heartbeat(head: int | None, positions: dict[str, int]) -> str:
    return encoded(HeartbeatFrame(type="heartbeat", head=head, at=utc_now().isoformat(), positions=positions))


def published(name: str | None, receipts: list[Receipt], *, is_batch: bool, place: str) -> str:
    """Where the answer would be too large to send, it leaves out what the program knows and where a mistake is."""
    answer = publish_items.response_body(receipts, is_batch=is_batch, place=place)
    frame: PublishedFrame = {"type": "published", "id": name, **answer}
    text = encoded(frame)
    if len(text) > MOST_SENT:
        frame["results"] = [{key: result[key] for key in SHORT} for result in frame["results"]]
        text = encoded(frame)
    return text


def error(name: str | None, problem: Problem) -> str:
    frame: ErrorFrame = {"type": "error", "id": name, "code": problem.status.value, "detail": problem.detail}
    wait = {} if problem.retry_after_s is None else {"retry_after_s": problem.retry_after_s}
    return encoded({**frame, **problem.more, **wait})


def encoded(frame: Any) -> str:
    """In ASCII: what a program said may be repeated in an error, and not everything it says can be encoded."""
    return json.dumps(frame, default=str)  # of an epoch
