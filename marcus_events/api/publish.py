"""POST /api/events: take in one event or many.

The answer comes after the commit: what is answered as accepted is in the log. The same request may be sent again after
any failure: with the same event ids nothing enters twice.
"""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.api.endpoint import endpoint
from marcus_events.api.problem import Problem
from marcus_events.core.event import Event, InvalidEvent
from marcus_events.ingest import Receipt, event_from, ingest
from marcus_events.models import Token

MAX_BATCH = 500  # events in a request
MAX_BODY = 1024 * 1024  # bytes
ENOUGH_DIGITS = 40  # to tell that a number is beyond every limit; reading a million of them would take minutes


@endpoint(scope="publish")
def publish(request: HttpRequest, token: Token | None) -> HttpResponse:
    stated = parse(request)
    batch = stated if isinstance(stated, list) else [stated]
    if not 1 <= len(batch) <= MAX_BATCH:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Send 1 to {MAX_BATCH} events, not {len(batch)}.")
    board_id = token.board_id if token else ""
    read = [event_or_error(item, board_id) for item in batch]
    connection.close()  # back into the pool: waiting for the commit may take long, and pages need connections too
    taken = iter(ingest([item for item in read if isinstance(item, Event)]))
    return answer([next(taken) if isinstance(item, Event) else item for item in read])


def parse(request: HttpRequest) -> Any:
    """The body as JSON. Of a key that is given twice the last value counts. Raises Problem."""
    if request.content_type != "application/json" or request.headers.get("Content-Encoding"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send uncompressed application/json.")
    try:
        return json.loads(body_of(request).decode(), parse_int=whole_number, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not UTF-8: {error.reason}, byte {error.start}.") from error
    except RecursionError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is nested too deeply.") from error
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from error


def body_of(request: HttpRequest) -> bytes:
    """The body within its limit, which the length in the header tells of only where there is one."""
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        detail = f"The body is larger than {MAX_BODY} bytes; send smaller batches."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return body


def whole_number(digits: str) -> int:
    return int(digits[:ENOUGH_DIGITS])


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def event_or_error(stated: Any, board_id: str) -> Event | Receipt:
    """The event, or why it cannot be one. A token of one board speaks for that board only."""
    try:
        event = event_from(stated, default_id=f"evt_{uuid.uuid4().hex}")
        return of_board(event, board_id) if board_id else event
    except InvalidEvent as error:
        named = stated.get("event_id") if isinstance(stated, dict) else None
        return Receipt(named if isinstance(named, str) else "", "rejected", error=str(error))


def of_board(event: Event, board_id: str) -> Event:
    metadata = event.metadata or {}
    named = metadata.get("board_id") or event.data.get("board_id") or event.data.get("project_id") or board_id
    if named != board_id:
        raise InvalidEvent("/metadata/board_id", f"this token publishes to the board {board_id} only")
    event.metadata = metadata | {"board_id": board_id}
    return event


def answer(receipts: list[Receipt]) -> HttpResponse:
    """201 when anything was taken (or known already); 422 when every event was refused."""
    counts = {status: sum(r.status == status for r in receipts) for status in ("accepted", "duplicate", "rejected")}
    body: dict[str, Any] = {
        "accepted": counts["accepted"],
        "duplicates": counts["duplicate"],
        "rejected": counts["rejected"],
        "results": [result(receipt) for receipt in receipts],
    }
    if counts["rejected"] == len(receipts):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, receipts[0].error or "No event was taken.", **body)
    return JsonResponse(body, status=HTTPStatus.CREATED)


def result(receipt: Receipt) -> dict[str, Any]:
    shown = {"event_id": receipt.event_id, "position": receipt.position, "status": receipt.status}
    return shown | ({"error": receipt.error} if receipt.error else {})
