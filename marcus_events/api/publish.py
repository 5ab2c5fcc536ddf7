"""POST /api/events: take in one event or many, in our own JSON or as CloudEvents.

The answer comes after the commit: what is answered as accepted is in the log. The same request may be sent again after
any failure: with the same event ids nothing enters twice.

It runs on the event loop: `config.middleware.publish_endpoint` calls it there, in front of Django's middleware. A
thread is taken for what takes long: to look up a token that was not seen lately, and to read a large body.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.access import authentication
from marcus_events.api.endpoint import caller_of, errors_as_problems, refused
from marcus_events.core.event import Event
from marcus_events.core.problem import Problem
from marcus_events.http import cloudevents, publish_items
from marcus_events.http.json_body import LARGE, MAX_BODY, check_size, parse
from marcus_events.http.worker_threads import LARGE_BODY_THREADS, TOKEN_THREADS, run_in_thread
from marcus_events.ingest import Receipt
from marcus_events.models import Token

KINDS = f"application/json, {cloudevents.STRUCTURED}, {cloudevents.BATCH}, or any type with CloudEvent headers"


async def publish_async(request: HttpRequest) -> HttpResponse:
    """The answer, whatever there is to say; `request` holds the whole body."""
    try:
        with errors_as_problems(request.method or "", request.path):
            return await taken_in(request)
    except Problem as problem:
        return refused(request, problem)


publish = async_to_sync(publish_async)  # for who calls views without an event loop


async def taken_in(request: HttpRequest) -> HttpResponse:
    caller = caller_of(request)
    authentication.check_address_rate(caller)
    token = await authentication.authenticate_async(caller, "publish", look_up)
    body = check_size(request.read(MAX_BODY + 1))
    is_large = len(body) > LARGE
    read_body = partial(stated_in, request, body)
    items, read = await run_in_thread(LARGE_BODY_THREADS, read_body) if is_large else read_body()
    is_batch = isinstance(items, list)
    receipts = await publish_items.publish(items if is_batch else [items], read, token, aside=is_large)
    return answer(request, receipts, is_batch=is_batch)


async def look_up(work: Callable[[], Token]) -> Token:
    return await run_in_thread(TOKEN_THREADS, work)


def stated_in(request: HttpRequest, body: bytes) -> tuple[Any, publish_items.ParseItem]:
    """The items, or the one item, and what makes an event of each. Raises Problem."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body uncompressed.", limit="compression")
    if any(map(cloudevents.is_attribute, request.headers)):
        return {"id": cloudevents.event_id_in(request.headers)}, lambda _: cloudevents.from_binary(
            request.headers, body
        )
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
        raise Problem(HTTPStatus.BAD_REQUEST, f"Send an array of CloudEvents as {cloudevents.BATCH}.")
    return stated


def many(stated: Any) -> Any:
    if not isinstance(stated, list):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            f"{cloudevents.BATCH} must be an array. Send a single CloudEvent as {cloudevents.STRUCTURED}.",
        )
    return stated


def with_trace(request: HttpRequest) -> publish_items.ParseItem:
    """The header `traceparent` (W3C Trace Context) is that of every event that says none itself."""
    if not (traceparent := request.headers.get("Traceparent", "")):
        return publish_items.native_event

    def read(item: Any) -> Event:
        event = publish_items.native_event(item)
        event.metadata = {"traceparent": traceparent} | (event.metadata or {})
        return event

    return read


def answer(request: HttpRequest, receipts: list[Receipt], *, is_batch: bool) -> HttpResponse:
    """201 when anything was taken (or known already). Otherwise why: 422, or what all were refused for alike."""
    body = publish_items.response_body(receipts, is_batch=is_batch)
    if body["rejected"] == len(receipts):
        reason = publish_items.rejection_reason(receipts)
        raise Problem(
            publish_items.common_status_code(receipts),
            receipts[0].error or "No event was accepted.",
            reason=reason,
            **body,
        )
    caller = caller_of(request)
    publish_items.record_rejected(receipts, caller, "POST", request.path)
    publish_items.record_warnings(receipts, caller, "POST", request.path)
    return JsonResponse(body, status=HTTPStatus.CREATED)
