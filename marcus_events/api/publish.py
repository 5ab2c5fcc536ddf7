"""POST /api/events: take in one event or many, in our own JSON or as CloudEvents.

The answer comes after the commit: what is answered as accepted is in the log. The same request may be sent again after
any failure: with the same event ids nothing enters twice.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.api.endpoint import caller_of, endpoint
from marcus_events.core.event import Event
from marcus_events.doors import cloudevents, publishing, refusals
from marcus_events.doors.bodies import MAX_BODY, check_size, parse
from marcus_events.doors.problem import Problem
from marcus_events.ingest import Receipt
from marcus_events.models import Token

KINDS = f"application/json, {cloudevents.STRUCTURED}, {cloudevents.BATCH}, or any with the headers of a CloudEvent"


@endpoint(scope="publish")
def publish(request: HttpRequest, token: Token) -> HttpResponse:
    items, read = stated_in(request)
    connection.close()  # back into the pool: waiting for the commit may take long, and pages need connections too
    is_batch = isinstance(items, list)
    return answer(request, publishing.publish(items if is_batch else [items], read, token), is_batch=is_batch)


def stated_in(request: HttpRequest) -> tuple[Any, publishing.Read]:
    """The items, or the one item, and what makes an event of each. Raises Problem."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body uncompressed.", limit="compression")
    body = check_size(request.read(MAX_BODY + 1))
    if any(map(cloudevents.is_attribute, request.headers)):
        return {}, lambda _: cloudevents.from_binary(request.headers, body)
    match request.content_type:
        case "application/json":
            return parse(body), with_trace(request)
        case cloudevents.STRUCTURED:
            return one(parse(body)), cloudevents.from_structured
        case cloudevents.BATCH:
            return many(parse(body)), cloudevents.from_structured
    raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {KINDS}.")


def one(stated: Any) -> Any:
    if isinstance(stated, list):
        raise Problem(HTTPStatus.BAD_REQUEST, f"An array of CloudEvents has the type {cloudevents.BATCH}.")
    return stated


def many(stated: Any) -> Any:
    if not isinstance(stated, list):
        raise Problem(HTTPStatus.BAD_REQUEST, f"{cloudevents.BATCH} is an array; one has {cloudevents.STRUCTURED}.")
    return stated


def with_trace(request: HttpRequest) -> publishing.Read:
    """The header `traceparent` (W3C Trace Context) is that of every event that says none itself."""
    if not (traceparent := request.headers.get("Traceparent", "")):
        return publishing.native

    def read(item: Any) -> Event:
        event = publishing.native(item)
        event.metadata = {"traceparent": traceparent} | (event.metadata or {})
        return event

    return read


def answer(request: HttpRequest, receipts: list[Receipt], *, is_batch: bool) -> HttpResponse:
    """201 when anything was taken (or known already). Otherwise why: 422, or what all were refused for alike."""
    body = publishing.answer(receipts, is_batch=is_batch)
    if not body["rejected"]:
        return JsonResponse(body, status=HTTPStatus.CREATED)
    codes = {publishing.code(receipt) for receipt in receipts if receipt.status == "rejected"}
    status = codes.pop() if len(codes) == 1 else HTTPStatus.UNPROCESSABLE_ENTITY
    reason = publishing.why_rejected(receipts)
    if body["rejected"] == len(receipts):
        raise Problem(status, receipts[0].error or "No event was taken.", reason=reason, **body)
    refusals.note(status, reason, caller_of(request), "POST", request.path)
    return JsonResponse(body, status=HTTPStatus.CREATED)
