"""Publishes what came over HTTP or a WebSocket: each item becomes an event or is rejected, and all events are stored.

A token publishes only to its boards, and only for its sources. Each item has a result of its own, in the order sent;
`code` is the HTTP status that it would have on its own.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from marcus_events.access.authentication import Caller
from marcus_events.core.event import Event, InvalidEvent
from marcus_events.core.payload import name_in
from marcus_events.core.problem import Problem
from marcus_events.core.references import board_of
from marcus_events.core.reserved import Authority
from marcus_events.http import rejected_requests
from marcus_events.http.event_shapes import CODES, MAX_BATCH, PublishAnswer, PublishResult
from marcus_events.http.publish_limit import check_lag
from marcus_events.ingest import Receipt, append_async, check_all, event_from, rejected_receipt
from marcus_events.log.append import EventData
from marcus_events.models import Token

ParseItem = Callable[[Any], Event]  # makes an event of an item, or raises InvalidEvent
PublishItem = Event | Receipt


class Forbidden(InvalidEvent):
    """This token may not publish this event."""


def native_event(item: Any) -> Event:
    """Parse an event in the documented format. Without an id it gets a new one, so equal items are separate events."""
    is_named = isinstance(item, dict) and item.get("event_id") is not None
    return event_from(item, default_id="" if is_named else new_id())


def new_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


class CheckedItems(NamedTuple):
    """Items before they are stored: a receipt for each that cannot become an event, and what the log is to append."""

    offered: list[PublishItem]
    events: list[Event]
    entries: list[EventData | InvalidEvent]


async def publish(items: Sequence[Any], read: ParseItem, token: Token, *, aside: bool = False) -> list[Receipt]:
    """Returns when the valid events are committed. With `aside`, a thread checks them, since large ones take long.

    Raises LogUnavailable, or Problem while publishers have to wait.
    """
    await check_lag()
    check = partial(check_items, items, read, token)
    return await store(await asyncio.to_thread(check) if aside else check())


def check_items(items: Sequence[Any], read: ParseItem, token: Token) -> CheckedItems:
    offered = parse_items(items, read, token)
    events = [item for item in offered if isinstance(item, Event)]
    return CheckedItems(offered, events, check_all(events, authority_of(token)))


async def store(checked: CheckedItems) -> list[Receipt]:
    """Returns when the valid events are committed. Raises LogUnavailable."""
    return merge_receipts(checked.offered, await append_async(checked.events, checked.entries))


def authority_of(token: Token) -> Authority:
    return Authority.OWN_BOARDS if token.boards else Authority.ANY_BOARD


def parse_items(items: Sequence[Any], read: ParseItem, token: Token) -> list[PublishItem]:
    if not 1 <= len(items) <= MAX_BATCH:
        detail = f"Send 1 to {MAX_BATCH} events, not {len(items)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, limit="batch")
    return [parse_item(item, read, token) for item in items]


def parse_item(item: Any, read: ParseItem, token: Token) -> PublishItem:
    named = (item.get("event_id") or item.get("id")) if isinstance(item, dict) else None
    try:
        return check_allowed(read(item), token)
    except Forbidden as error:
        return rejected_receipt(named, error, "forbidden")
    except InvalidEvent as error:
        return rejected_receipt(named, error)


def check_allowed(event: Event, token: Token) -> Event:
    """Return the event if the token may publish it, with the token's board if it names none. Raises Forbidden."""
    if not token.speaks_for(event.source):
        raise Forbidden("/source", f"this token may only use the sources {' and '.join(token.sources)}")
    if token.boards:
        event.metadata = (event.metadata or {}) | {"board_id": board_for(event, token)}
        if board_of(event) not in token.boards:  # “unknown” names no board, and the next field that does counts
            raise board_not_allowed(token)
    return event


def board_for(event: Event, token: Token) -> str:
    stated = (event.metadata or {}).get("board_id"), event.data.get("board_id"), event.data.get("project_id")
    named = next((found for value in stated if (found := name_in(value) or value)), None)
    if not named and len(token.boards) == 1:
        return str(token.boards[0])
    if named not in token.boards:
        raise board_not_allowed(token)
    return str(named)


def board_not_allowed(token: Token) -> Forbidden:
    which = f"board {token.boards[0]}" if len(token.boards) == 1 else f"boards {', '.join(token.boards)}"
    return Forbidden("/metadata/board_id", f"this token may only publish to {which}")


def merge_receipts(offered: list[PublishItem], taken: list[Receipt]) -> list[Receipt]:
    left = iter(taken)
    return [next(left) if isinstance(item, Event) else item for item in offered]


def response_body(receipts: list[Receipt], *, is_batch: bool, place: str = "") -> PublishAnswer:
    """The answer to the publisher. Pointers lead into the body, in which the array or the event stands at `place`."""
    counted = [receipt.status for receipt in receipts]
    return {
        "accepted": counted.count("accepted"),
        "duplicates": counted.count("duplicate"),
        "rejected": counted.count("rejected"),
        "results": [item_result(receipt, f"{place}/{n}" if is_batch else place) for n, receipt in enumerate(receipts)],
    }


def as_json(body: PublishAnswer) -> bytes:
    """Serialise the answer. A rejected event may have half of a surrogate pair in its id, which is escaped."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()


def item_result(receipt: Receipt, place: str) -> PublishResult:
    shown: PublishResult = {
        "event_id": receipt.event_id,
        "position": receipt.position,
        "status": receipt.status,
        "code": status_code(receipt).value,
    }
    if receipt.warnings:
        shown["warnings"] = [{"pointer": place + each.pointer, "expected": each.expected} for each in receipt.warnings]
    if receipt.status == "rejected":
        pointer = None if receipt.pointer is None else place + receipt.pointer
        shown |= {"error": receipt.error, "pointer": pointer, "limit": receipt.limit}
    return shown


def status_code(receipt: Receipt) -> HTTPStatus:
    return CODES[receipt.why or receipt.status]


def common_status_code(receipts: Sequence[Receipt]) -> HTTPStatus:
    """The status that all rejected ones have in common, or 422."""
    codes = {status_code(receipt) for receipt in receipts if receipt.status == "rejected"}
    return codes.pop() if len(codes) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY


def record_rejected(receipts: Sequence[Receipt], caller: Caller, method: str, path: str) -> None:
    """Counts rejected events of a batch that was otherwise accepted."""
    if any(receipt.status == "rejected" for receipt in receipts):
        rejected_requests.record_rejection(
            common_status_code(receipts), rejection_reason(receipts), caller, method, path
        )


def record_warnings(receipts: Sequence[Receipt], caller: Caller, method: str, path: str) -> None:
    """Counts events that were accepted with a warning, among the rejected requests."""
    found = [receipt for receipt in receipts if receipt.warnings]
    if found:
        reason = str(found[0].warnings[0])
        rejected_requests.record_rejection(
            HTTPStatus.CREATED,
            reason if len(receipts) == 1 else f"{len(found)} of {len(receipts)} events: {reason}",
            caller,
            method,
            path,
        )


def rejection_reason(receipts: Sequence[Receipt]) -> str:
    """Why some or all were rejected: the place and the reason of the first, without any value that was sent."""
    found = [receipt for receipt in receipts if receipt.status == "rejected"]
    match found[0].why, found[0].pointer:
        case "conflict", _:
            reason = "/event_id: another event with this id already exists"
        case _, None:
            reason = "the database rejected it"
        case _:
            reason = found[0].error or ""
    return reason if len(receipts) == 1 else f"{len(found)} of {len(receipts)} events: {reason}"
