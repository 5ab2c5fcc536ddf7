"""POST /api/events: take in one event or many, in our own JSON or as CloudEvents.

The answer comes after the commit: what is answered as accepted is in the log. The same request may be sent again after
any failure: with the same event ids nothing enters twice.

It runs on the event loop: `config.middleware.publish_endpoint` calls it there, in front of Django's middleware. A
thread is taken for what takes long: to look up a token that was not seen lately, and to read and check a large body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse

from marcus_events.access import authentication
from marcus_events.access.authentication import Caller
from marcus_events.api.endpoint import caller_of, errors_as_problems
from marcus_events.core.event import Event
from marcus_events.core.problem import Problem
from marcus_events.http import cloudevents, publish_items, rejected_requests
from marcus_events.http.json_body import LARGE, MAX_BODY, check_size, parse
from marcus_events.http.plain_http import PlainResponse, django_response, parse_content_type
from marcus_events.http.problem_response import plain_problem
from marcus_events.http.publish_limit import check_lag
from marcus_events.http.worker_threads import LARGE_BODY_THREADS, TOKEN_THREADS, run_in_thread
from marcus_events.ingest import Receipt
from marcus_events.models import Token

KINDS = f"application/json, {cloudevents.STRUCTURED}, {cloudevents.BATCH}, or any type with CloudEvent headers"


class PublishRequest(NamedTuple):
    """A request with its whole body. The names of the headers are in lower case."""

    method: str
    path: str
    caller: Caller
    headers: Mapping[str, str]
    body: bytes


class CheckedBody(NamedTuple):
    items: publish_items.CheckedItems
    is_batch: bool


async def publish(request: PublishRequest) -> PlainResponse:
    """Return the answer, whatever there is to say."""
    try:
        with errors_as_problems(request.method, request.path):
            return await publish_body(request)
    except Problem as problem:
        rejected_requests.record_problem(problem, request.caller, request.method, request.path)
        return plain_problem(problem)


def publish_view(request: HttpRequest) -> HttpResponse:
    """Do the same as a view of Django, without an event loop."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.read(MAX_BODY + 1)
    plain = PublishRequest(request.method or "", request.path, caller_of(request), headers, body)
    return django_response(async_to_sync(publish)(plain))


async def publish_body(request: PublishRequest) -> PlainResponse:
    authentication.check_address_rate(request.caller)
    token = await authentication.authenticate_async(request.caller, "publish", look_up)
    check_size(request.body)
    await check_lag()
    check = partial(check_body, request, token)
    items, is_batch = await run_in_thread(LARGE_BODY_THREADS, check) if len(request.body) > LARGE else check()
    return answer(request, await publish_items.store(items), is_batch=is_batch)


async def look_up(work: Callable[[], Token]) -> Token:
    return await run_in_thread(TOKEN_THREADS, work)


def check_body(request: PublishRequest, token: Token) -> CheckedBody:
    """Parse and check the events of the body. Raises Problem."""
    stated, read = stated_in(request)
    is_batch = isinstance(stated, list)
    return CheckedBody(publish_items.check_items(stated if is_batch else [stated], read, token), is_batch)


def stated_in(request: PublishRequest) -> tuple[Any, publish_items.ParseItem]:
    """The items, or the one item, and what makes an event of each. Raises Problem."""
    headers = request.headers
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body uncompressed.", limit="compression")
    if any(map(cloudevents.is_attribute, headers)):
        return {"id": cloudevents.event_id_in(headers)}, lambda _: cloudevents.from_binary(headers, request.body)
    match parse_content_type(headers.get("content-type", ""))[0]:
        case "application/json":
            return parse(request.body), with_trace(headers.get("traceparent", ""))
        case cloudevents.STRUCTURED:
            return one(parse(request.body)), cloudevents.from_structured
        case cloudevents.BATCH:
            return many(parse(request.body)), cloudevents.from_structured
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


def with_trace(traceparent: str) -> publish_items.ParseItem:
    """The header `traceparent` (W3C Trace Context) is that of every event that says none itself."""
    if not traceparent:
        return publish_items.native_event

    def read(item: Any) -> Event:
        event = publish_items.native_event(item)
        event.metadata = {"traceparent": traceparent} | (event.metadata or {})
        return event

    return read


def answer(request: PublishRequest, receipts: list[Receipt], *, is_batch: bool) -> PlainResponse:
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
    publish_items.record_rejected(receipts, request.caller, request.method, request.path)
    publish_items.record_warnings(receipts, request.caller, request.method, request.path)
    return PlainResponse(HTTPStatus.CREATED.value, "application/json", publish_items.as_json(body))
