"""One incoming request: its body is counted while it arrives, and what Daphne must not see is removed."""

import re
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import WebRequest

from marcus_events.access import trusted_proxies
from marcus_events.core.problem import Problem
from marcus_events.http.json_body import MAX_BODY

ABSOLUTE_FORM = re.compile(rb"(?:https?|wss?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


class BodyTooLarge(Exception):
    """A body without a stated length exceeds MAX_BODY."""


class IncomingRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    _response_started: bool

    def __init__(self, channel: Any, queued: object = False) -> None:
        """Do not parse forms: Twisted does it in the event loop, Django later in a thread."""
        super().__init__(channel, queued, parsePOSTFormSubmission=False)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Take the host from a target in absolute form. The header Host does not count then (RFC 9112, 3.2.2)."""
        host, target = origin_form(path)
        if host is not None:
            self.requestHeaders.setRawHeaders(b"Host", [host])
        super().requestReceived(command, target, version)

    def process(self) -> Any:
        """Remove or refuse headers that Daphne would misread.

        Daphne takes the path's prefix from `Daphne-Root-Path` of any client, which moved links in cached pages and led
        past a proxy's rules for paths.
        """
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        if problem := self.problem():
            self.channel.refuse(problem)
            return None
        return super().process()

    def problem(self) -> Problem | None:
        """Daphne answers 500 to a subprotocol that is not ASCII, and joins doubled headers of a WebSocket: so the name
        of a user, which a proxy sends, could be two names.
        """
        if not all(value.isascii() for value in self.requestHeaders.getRawHeaders(b"Sec-WebSocket-Protocol", [])):
            return Problem(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Protocol is not ASCII.")
        headers = [(name, value) for name, values in self.requestHeaders.getAllRawHeaders() for value in values]
        if trusted_proxies.is_sent_twice(headers):
            return trusted_proxies.sent_twice_problem()
        return None

    def handleContentChunk(self, data: bytes) -> None:
        if self.content.tell() + len(data) > MAX_BODY:
            raise BodyTooLarge
        super().handleContentChunk(data)

    def refuse(self, problem: Problem) -> bool:
        """Answer with the problem, unless there is a response. Returns whether it was refused."""
        if self._response_started or self.channel is None:
            return False
        self._response_started = self.finished = True  # a response that the application sends now is dropped
        self.channel.refuse(problem)
        return True

    def handle_exception(self, exception: BaseException) -> None:
        """Abort an answer that has begun. Daphne would leave its reader waiting for the rest."""
        if not self._response_started:
            super().handle_exception(exception)
        elif self.channel is not None:
            self.channel.transport.abortConnection()


def origin_form(target: bytes) -> tuple[bytes | None, bytes]:
    """The host that a request target names, None where it names none, and the target without it."""
    found = ABSOLUTE_FORM.fullmatch(target)
    if found is None:
        return None, target
    host, rest = found.groups()
    return host, rest if rest.startswith(b"/") else b"/" + rest
