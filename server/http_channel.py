"""One connection that speaks HTTP: what may be sent over it, and how long everything may take.

1. Idle: nothing of a request has come. It ends after RECEIVE_S, without a word.
2. Receiving: from a request's first byte until it is whole. It ends after RECEIVE_S with 408; bytes that trickle buy no
   time. What is too large is answered at once, with 413, 414 or 431, what cannot be read with 400.
3. Answering: for as long as the application takes, and for ever where the connection has become a WebSocket. But a
   client that does not take what was written for it within TAKE_S is cut off, and no further request of it is looked at
   until it has.
4. Closing: whatever still comes is thrown away, so that the answer is not lost to a client that is still sending (to
   close on unread bytes resets the connection, and with it what the client has not read yet). It ends after CLOSE_S.
5. Cut: the network is about to tell that it is over.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from twisted.web import http

from marcus_events.core.problem import Problem
from marcus_events.http.json_body import MAX_BODY, too_large
from server.error_responses import as_bytes, note
from server.incoming_request import TooLarge

RECEIVE_S = 30  # a body of 1 MiB over a line of 300 kbit/s
TAKE_S = 30  # for 64 KiB or one message: a line that is slower cannot follow a live page anyway
CLOSE_S = 5  # long enough to notice an answer while sending; short, since it is a stranger's time


class ChannelStage(Enum):
    IDLE = auto()
    RECEIVING = auto()
    ANSWERING = auto()
    CLOSING = auto()
    CUT = auto()


class Channel(http.HTTPChannel):
    """Twisted's, whose one timer runs for whatever the stage is waiting for."""

    stage = ChannelStage.IDLE
    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.taken = asyncio.Event()  # not set while the client has yet to take what was written for it
        self.taken.set()
        self.withheld: list[bytes] = []  # of further requests, at most what Twisted reads ahead: 16 KiB and a read

    @property
    def keeps_waiting(self) -> bool:
        """It is the client's turn: to send a request, to take an answer, or to go."""
        if self.stage is ChannelStage.ANSWERING:
            return not self.taken.is_set()
        return self.stage is not ChannelStage.CUT

    # Receiving

    def resetTimeout(self) -> None:
        """Twisted calls this for whatever comes. Here it is only the first byte of a request that starts the clock."""
        if self.stage is ChannelStage.IDLE:
            self.stage = ChannelStage.RECEIVING
            super().resetTimeout()

    def headerReceived(self, line: bytes) -> bool:
        try:
            return bool(super().headerReceived(line))
        except ValueError:  # a length of more digits than Python makes a number of
            self.refuse(too_large())
            return False

    def allHeadersReceived(self) -> None:
        """A length that is too large is refused before anything is read, or asked for with 100 Continue."""
        if self.length is not None and self.length > MAX_BODY:
            self.refuse(too_large())
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        try:
            super().rawDataReceived(data)
        except TooLarge:
            self.refuse(too_large())

    def lineLengthExceeded(self, line: bytes) -> None:
        is_first = self._receivedHeaderSize == 0
        status = HTTPStatus.REQUEST_URI_TOO_LONG if is_first else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.refuse(Problem(status, f"A request line or header exceeds {self.MAX_LENGTH} bytes."))

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Twisted's own answer has no body, and is the same for too many headers."""
        if self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders:
            detail = f"Send at most {self.maxHeaders} headers with {self.totalHeadersSize} bytes in total."
            self.refuse(Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail))
        else:
            self.refuse(Problem(HTTPStatus.BAD_REQUEST, "This is not an HTTP request."))

    # Answering

    def allContentReceived(self) -> None:
        self.stage = ChannelStage.ANSWERING
        super().allContentReceived()

    def pauseProducing(self) -> None:
        """There is more to send than the client has taken."""
        super().pauseProducing()
        self.taken.clear()
        if self.stage is ChannelStage.ANSWERING and self.timeOut is None:
            self.setTimeout(TAKE_S)

    def resumeProducing(self) -> None:
        """The client has taken everything."""
        super().resumeProducing()
        self.taken.set()
        if self.stage is ChannelStage.ANSWERING:
            self.setTimeout(None)
        withheld, self.withheld = b"".join(self.withheld), []
        if withheld:
            self.dataReceived(withheld)

    def requestDone(self, request: Any) -> None:
        """Twisted would go on with the next request at once, and pile up answers for somebody who never reads."""
        self.stage = ChannelStage.IDLE
        if self.taken.is_set():
            super().requestDone(request)
            return
        self.withheld, self._dataBuffer = self._dataBuffer, []
        super().requestDone(request)
        if self.stage is ChannelStage.IDLE:
            self.transport.pauseProducing()

    # Closing

    def refuse(self, problem: Problem) -> None:
        """Answer, and say that nothing else will be; what comes nevertheless is dropped unread."""
        self.dataReceived = self.lineReceived = self.rawDataReceived = drop  # type: ignore[method-assign]
        note(problem, self)
        self.transport.write(as_bytes(problem))
        self.transport.loseWriteConnection()
        self.close_within(CLOSE_S)

    def loseConnection(self) -> None:
        super().loseConnection()
        self.close_within(CLOSE_S)

    def close_within(self, seconds: float) -> None:
        self.stage = ChannelStage.CLOSING
        self.setTimeout(seconds)

    def timeoutConnection(self) -> None:
        if self.stage is ChannelStage.IDLE:
            self.loseConnection()
        elif self.stage is ChannelStage.RECEIVING:
            detail = f"The request did not arrive within {RECEIVE_S} seconds."
            self.refuse(Problem(HTTPStatus.REQUEST_TIMEOUT, detail))
        else:
            self.give_way()

    def give_way(self) -> None:
        """End at once, whatever was under way."""
        self.stage = ChannelStage.CUT
        self.transport.abortConnection()

    def gone(self) -> None:
        """The connection is no more, as a WebSocket's neither: nobody waits for it."""
        self.setTimeout(None)
        self.taken.set()


def drop(data: bytes) -> None:
    """What a client goes on sending after it was refused."""
