"""One HTTP connection with limits: Twisted's channel, and a timer for whatever it waits for.

    state        waits for                      timeout             then
    IDLE         the first byte of a request    RECEIVE_TIMEOUT_S   it closes without an answer
    RECEIVING    the rest of the request        RECEIVE_TIMEOUT_S   it answers 408 and closes
    RESPONDING   the application                none                -
                 the client to read             SEND_TIMEOUT_S      it aborts
    CLOSING      the client to close            CLOSE_TIMEOUT_S     it aborts
    ABORTED      the network                    none                -

A WebSocket is RESPONDING for as long as it is open. What cannot be accepted is refused as soon as that is known: 413,
414 and 431 for what is too large, 400 for what is not HTTP.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from twisted.web import http

from marcus_events.core.problem import Problem
from marcus_events.http.json_body import MAX_BODY, too_large
from server import limits
from server.error_responses import as_bytes, record_rejected
from server.incoming_request import BodyTooLarge


class ConnectionState(Enum):
    IDLE = auto()
    RECEIVING = auto()
    RESPONDING = auto()
    CLOSING = auto()
    ABORTED = auto()


class LimitedHTTPChannel(http.HTTPChannel):
    state = ConnectionState.IDLE
    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.drained = asyncio.Event()  # set while the client has read everything that was written for it
        self.drained.set()
        self.ended = asyncio.Event()
        self.pipelined: list[bytes] = []  # requests that wait for `drained`: at most the 16 KiB that Twisted buffers

    @property
    def waits_for_client(self) -> bool:
        """Whether the client has to act next: send a request, read an answer, or close."""
        if self.state is ConnectionState.RESPONDING:
            return not self.drained.is_set()
        return self.state is not ConnectionState.ABORTED

    def isSecure(self) -> bool:
        """TLS ends at a proxy; see `config.middleware.proxy_headers`. Twisted looks for it in a registry every time."""
        return False

    # Receiving

    def resetTimeout(self) -> None:
        """Start the timer with the first byte of a request.

        Twisted calls this for every byte. One byte a minute would hold the connection for ever.
        """
        if self.state is ConnectionState.IDLE:
            self.state = ConnectionState.RECEIVING
            super().resetTimeout()

    def headerReceived(self, line: bytes) -> bool:
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # a Content-Length with more digits than Python converts
            self.refuse(too_large())
            return False

    def allHeadersReceived(self) -> None:
        """Refuse a stated length that is too large before any of the body is read, or asked for (100 Continue)."""
        if self.length is not None and self.length > MAX_BODY:
            self.refuse(too_large())
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        try:
            super().rawDataReceived(data)
        except BodyTooLarge:
            self.refuse(too_large())

    def lineLengthExceeded(self, line: bytes) -> None:
        is_first = self._receivedHeaderSize == 0
        status = HTTPStatus.REQUEST_URI_TOO_LONG if is_first else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.refuse(Problem(status, f"A request line or header exceeds {self.MAX_LENGTH} bytes."))

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Answer with a body. Twisted's answer has none, and is 400 for too many headers as well."""
        if self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders:
            detail = f"Send at most {self.maxHeaders} headers with {self.totalHeadersSize} bytes in total."
            self.refuse(Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail))
        else:
            self.refuse(Problem(HTTPStatus.BAD_REQUEST, "This is not an HTTP request."))

    # Responding

    def allContentReceived(self) -> None:
        self.state = ConnectionState.RESPONDING
        super().allContentReceived()

    def pauseProducing(self) -> None:
        """The transport's buffer is full: the client has not read what was written."""
        super().pauseProducing()
        self.drained.clear()
        if self.state is ConnectionState.RESPONDING and self.timeOut is None:
            self.setTimeout(limits.SEND_TIMEOUT_S)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty: the client has read everything."""
        super().resumeProducing()
        self.drained.set()
        if self.state is ConnectionState.RESPONDING:
            self.setTimeout(None)
        pipelined, self.pipelined = b"".join(self.pipelined), []
        if pipelined:
            self.dataReceived(pipelined)

    def requestDone(self, request: Any) -> None:
        """Start with the next request only when the client has read this answer.

        Twisted starts at once, and answers would pile up for a client that sends many requests and reads nothing.
        """
        self.state = ConnectionState.IDLE
        if self.drained.is_set():
            super().requestDone(request)
            return
        self.pipelined, self._dataBuffer = self._dataBuffer, []
        super().requestDone(request)
        if self.state is ConnectionState.IDLE:
            self.transport.pauseProducing()

    # Closing

    def refuse(self, problem: Problem) -> None:
        """Send the problem, close our side of the connection, and drop what the client still sends.

        To close both sides while the client is sending would reset the connection, and the client might never read the
        answer.
        """
        self.dataReceived = self.lineReceived = self.rawDataReceived = drop  # type: ignore[method-assign]
        record_rejected(problem, self)
        self.transport.write(as_bytes(problem))
        self.transport.loseWriteConnection()
        self.close_soon()

    def loseConnection(self) -> None:
        super().loseConnection()
        self.close_soon()

    def close_soon(self) -> None:
        """Give the client CLOSE_TIMEOUT_S to close."""
        self.state = ConnectionState.CLOSING
        self.setTimeout(limits.CLOSE_TIMEOUT_S)

    def timeoutConnection(self) -> None:
        if self.state is ConnectionState.IDLE:
            self.loseConnection()
        elif self.state is ConnectionState.RECEIVING:
            detail = f"The request did not arrive within {limits.RECEIVE_TIMEOUT_S} seconds."
            self.refuse(Problem(HTTPStatus.REQUEST_TIMEOUT, detail))
        else:
            self.abort()

    def abort(self) -> None:
        """End the connection at once, in any state."""
        self.state = ConnectionState.ABORTED
        self.transport.abortConnection()

    def connection_ended(self) -> None:
        """Release whoever waits for the client. A channel that became a WebSocket gets no `connectionLost`."""
        self.setTimeout(None)
        self.drained.set()
        self.ended.set()


def drop(data: bytes) -> None:
    """Ignore what a refused client goes on sending."""
