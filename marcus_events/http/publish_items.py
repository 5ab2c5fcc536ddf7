"""Publishing, through whichever door: each item becomes an event or a refusal, and the valid ones go in together.

A token publishes to its boards alone, and speaks for its sources alone. Each item is answered by itself, in the order
sent; `code` is the status that HTTP would give it on its own.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from marcus_events.access.authentication import Caller
from marcus_events.core.event import Event, InvalidEvent
from marcus_events.core.payload import name_in
from marcus_events.core.problem import Problem
from marcus_events.core.references import board_of
from marcus_events.core.reserved import Authority
from marcus_events.http import rejected_requests
from marcus_events.ingest import Receipt, event_from, ingest_async, rejected
from marcus_events.models import Token

MAX_BATCH = 500  # events in a request
CODES = {
    "accepted": HTTPStatus.CREATED,
    "duplicate": HTTPStatus.OK,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "conflict": HTTPStatus.CONFLICT,
    "forbidden": HTTPStatus.FORBIDDEN,
}

Read = Callable[[Any], Event]  # makes an event of an item, or raises InvalidEvent
PublishItem = Event | Receipt


class Forbidden(InvalidEvent):
    """This token may not publish this event."""


def native(item: Any) -> Event:
    """An event of the documented fields. One without an id gets a new one: two that look alike are two."""
    return event_from(item, default_id=new_id())


def new_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


async def publish(items: Sequence[Any], read: Read, token: Token, *, aside: bool = False) -> list[Receipt]:
    """Return when what is valid is committed. What takes long to check is checked `aside`, in a thread.

    Raises LogUnavailable.
    """
    offered = await asyncio.to_thread(entries, items, read, token) if aside else entries(items, read, token)
    events = [item for item in offered if isinstance(item, Event)]
    return merged(offered, await ingest_async(events, authority_of(token), aside=aside))


def authority_of(token: Token) -> Authority:
    return Authority.OWN_BOARDS if token.boards else Authority.ANY_BOARD


def entries(items: Sequence[Any], read: Read, token: Token) -> list[PublishItem]:
    if not 1 <= len(items) <= MAX_BATCH:
        detail = f"Send 1 to {MAX_BATCH} events, not {len(items)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, limit="batch")
    return [entry(item, read, token) for item in items]


def entry(item: Any, read: Read, token: Token) -> PublishItem:
    named = (item.get("event_id") or item.get("id")) if isinstance(item, dict) else None
    try:
        return of_its_own(read(item), token)
    except Forbidden as error:
        return rejected(named, error, "forbidden")
    except InvalidEvent as error:
        return rejected(named, error)


def of_its_own(event: Event, token: Token) -> Event:
    """The event, if the token may publish it; on the token's board where it names none. Raises Forbidden."""
    if not token.speaks_for(event.source):
        raise Forbidden("/source", f"this token may only use the sources {' and '.join(token.sources)}")
    if token.boards:
        event.metadata = (event.metadata or {}) | {"board_id": own_board(event, token)}
        if board_of(event) not in token.boards:  # “unknown” names no board, and the next field that does counts
            raise not_its_board(token)
    return event


def own_board(event: Event, token: Token) -> str:
    stated = (event.metadata or {}).get("board_id"), event.data.get("board_id"), event.data.get("project_id")
    named = next((found for value in stated if (found := name_in(value) or value)), None)
    if not named and len(token.boards) == 1:
        return str(token.boards[0])
    if named not in token.boards:
        raise not_its_board(token)
    return str(named)


def not_its_board(token: Token) -> Forbidden:
    which = f"board {token.boards[0]}" if len(token.boards) == 1 else f"boards {', '.join(token.boards)}"
    return Forbidden("/metadata/board_id", f"this token may only publish to {which}")


def merged(offered: list[PublishItem], taken: list[Receipt]) -> list[Receipt]:
    left = iter(taken)
    return [next(left) if isinstance(item, Event) else item for item in offered]


def answer(receipts: list[Receipt], *, is_batch: bool, place: str = "") -> dict[str, Any]:
    """What the publisher is told; pointers begin at the body, in which an array or an event is at `place`."""
    counted = [receipt.status for receipt in receipts]
    return {
        "accepted": counted.count("accepted"),
        "duplicates": counted.count("duplicate"),
        "rejected": counted.count("rejected"),
        "results": [result(receipt, f"{place}/{n}" if is_batch else place) for n, receipt in enumerate(receipts)],
    }


def result(receipt: Receipt, place: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "event_id": receipt.event_id,
        "position": receipt.position,
        "status": receipt.status,
        "code": code(receipt).value,
    }
    if receipt.warnings:
        shown["warnings"] = [{"pointer": place + each.pointer, "expected": each.expected} for each in receipt.warnings]
    if receipt.status == "rejected":
        pointer = None if receipt.pointer is None else place + receipt.pointer
        shown |= {"error": receipt.error, "pointer": pointer, "limit": receipt.limit}
    return shown


def code(receipt: Receipt) -> HTTPStatus:
    return CODES[receipt.why or receipt.status]


def code_of(receipts: Sequence[Receipt]) -> HTTPStatus:
    """What all refused ones were refused for alike, or 422."""
    codes = {code(receipt) for receipt in receipts if receipt.status == "rejected"}
    return codes.pop() if len(codes) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY


def note_rejected(receipts: Sequence[Receipt], caller: Caller, method: str, path: str) -> None:
    """Count what was refused among other events."""
    if any(receipt.status == "rejected" for receipt in receipts):
        rejected_requests.note(code_of(receipts), why_rejected(receipts), caller, method, path)


def note_warned(receipts: Sequence[Receipt], caller: Caller, method: str, path: str) -> None:
    """Count what was taken with a warning, beside what was refused."""
    found = [receipt for receipt in receipts if receipt.warnings]
    if found:
        reason = str(found[0].warnings[0])
        rejected_requests.note(
            HTTPStatus.CREATED,
            reason if len(receipts) == 1 else f"{len(found)} of {len(receipts)} events: {reason}",
            caller,
            method,
            path,
        )


def why_rejected(receipts: Sequence[Receipt]) -> str:
    """Why some or all were, as it may be noted: the place and the reason of the first, and no value of any."""
    found = [receipt for receipt in receipts if receipt.status == "rejected"]
    match found[0].why, found[0].pointer:
        case "conflict", _:
            reason = "/event_id: another event with this id already exists"
        case _, None:
            reason = "the database rejected it"
        case _:
            reason = found[0].error or ""
    return reason if len(receipts) == 1 else f"{len(found)} of {len(receipts)} events: {reason}"
