"""Write a problem to a connection that ends with it, and record it as a rejected request of the API."""

from http import HTTPStatus
from typing import Any

from marcus_events.access.authentication import Caller
from marcus_events.access.trusted_proxies import client_address
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.problem_response import problem_response
from server.incoming_request import origin_form

API = "/api/"


def as_bytes(problem: Problem) -> bytes:
    response = problem_response(problem)
    response["Content-Length"] = str(len(response.content))
    response["Connection"] = "close"
    return f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n".encode() + response.serialize()


def record_rejected(problem: Problem, channel: Any) -> None:
    """Record a body that is too large for the API. Other refused requests do not come from agents."""
    _, target = origin_form(getattr(channel, "_path", b""))
    path = text(target).partition("?")[0]
    if problem.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or not path.startswith(API) or not channel.requests:
        return
    rejected_requests.record_problem(problem, caller_of(channel), text(channel._command), path)


def caller_of(channel: Any) -> Caller:
    sent = channel.requests[-1].requestHeaders
    headers = [(name, value) for name, values in sent.getAllRawHeaders() for value in values]
    peer = getattr(channel.transport.getPeer(), "host", "")
    return Caller.of(client_address(peer, headers), text(sent.getRawHeaders(b"Authorization", [b""])[-1]))


def text(given: bytes) -> str:
    return given.decode("latin-1")
