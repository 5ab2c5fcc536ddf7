"""One request on its way in: its body is counted while it comes, so that one without a stated length ends as well."""

import re
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import WebRequest

from marcus_events.access import trusted_proxies
from marcus_events.core.problem import Problem
from marcus_events.http.json_body import MAX_BODY

ABSOLUTE = re.compile(rb"(?:https?|wss?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


class TooLarge(Exception):
    """The body has grown beyond MAX_BODY."""


class IncomingRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    def __init__(self, channel: Any, queued: object = False) -> None:
        """Twisted would parse forms as well, on the event loop; Django does it later, and in a thread."""
        super().__init__(channel, queued, parsePOSTFormSubmission=False)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """A target in absolute form names the host itself, and the header Host does not count (RFC 9112, 3.2.2)."""
        host, target = origin_form(path)
        if host is not None:
            self.requestHeaders.setRawHeaders(b"Host", [host])
        super().requestReceived(command, target, version)

    def process(self) -> Any:
        """Daphne takes the path's prefix from a header of any client, and fails on subprotocols that are not ASCII,
        with 500 and a traceback in the log. It also drops names with underscores and joins doubled headers of a
        WebSocket, so that a doubled name of a user is refused here.
        """
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        if problem := self.problem():
            self.channel.refuse(problem)
            return None
        return super().process()

    def problem(self) -> Problem | None:
        if not all(value.isascii() for value in self.requestHeaders.getRawHeaders(b"Sec-WebSocket-Protocol", [])):
            return Problem(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Protocol is not ASCII.")
        headers = [(name, value) for name, values in self.requestHeaders.getAllRawHeaders() for value in values]
        if trusted_proxies.is_doubled(headers):
            return trusted_proxies.doubled()
        return None

    def handleContentChunk(self, data: bytes) -> None:
        if self.content.tell() + len(data) > MAX_BODY:
            raise TooLarge
        super().handleContentChunk(data)

    def handle_exception(self, exception: BaseException) -> None:
        """An answer that has begun is broken off: Daphne would leave its reader waiting for the rest."""
        if not self._response_started:
            super().handle_exception(exception)
        elif self.channel is not None:
            self.channel.transport.abortConnection()


def origin_form(target: bytes) -> tuple[bytes | None, bytes]:
    """The host that a request target names, None where it names none, and the target without it."""
    found = ABSOLUTE.fullmatch(target)
    if found is None:
        return None, target
    host, rest = found.groups()
    return host, rest if rest.startswith(b"/") else b"/" + rest
