"""The stages of a connection, by a clock of the tests' own and without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web import http

from server.http_channel import ConnectionState, LimitedHTTPChannel
from server.limits import CLOSE_TIMEOUT_S, RECEIVE_TIMEOUT_S, SEND_TIMEOUT_S

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n"
DAY_S = 24 * 60 * 60


class Application(http.Request):
    """Answers when a test says so."""

    def process(self) -> None:
        pass

    def answer(self, body: bytes = b"answer") -> None:
        self.setHeader(b"Content-Length", str(len(body)))
        self.write(body)
        self.finish()


class Wire(StringTransport):
    is_cut = False
    is_half_closed = False

    def loseWriteConnection(self) -> None:  # noqa: N802 - Twisted's name
        self.is_half_closed = True

    def abortConnection(self) -> None:  # noqa: N802
        self.is_cut = True


class Line:
    """A channel whose other end is the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.wire = Wire()
        self.channel = LimitedHTTPChannel()
        self.channel.requestFactory = Application
        self.channel.callLater = self.clock.callLater  # type: ignore[method-assign,assignment]
        self.channel.timeOut = RECEIVE_TIMEOUT_S
        self.channel.makeConnection(self.wire)

    def receive(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    @property
    def requests(self) -> list[Application]:
        return list(self.channel.requests)

    def has_ended(self) -> bool:
        return self.wire.is_half_closed or self.wire.disconnecting

    def sent(self) -> bytes:
        data = self.wire.value()
        self.wire.clear()
        return bytes(data)

    def refusal(self) -> int:
        """The status of the problem that was sent, which has to be whole."""
        head, _, body = self.sent().partition(b"\r\n\r\n")
        assert b"Content-Type: application/problem+json\r\n" in head
        assert b"Content-Length: %d\r\n" % len(body) in head
        assert self.wire.is_half_closed
        status = int(head.split()[1])
        assert json.loads(body)["status"] == status
        return status


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.channel.connectionLost(Failure(ConnectionDone()))


def trickle(line: Line, data: bytes, seconds: int) -> None:
    """A piece every second."""
    for _ in range(seconds):
        line.receive(data)
        line.clock.advance(1)


def test_a_connection_on_which_nothing_comes_ends_without_a_word(line: Line) -> None:
    line.clock.advance(RECEIVE_TIMEOUT_S - 1)
    assert not line.has_ended()
    line.clock.advance(1)
    assert line.has_ended()
    assert line.sent() == b""


def test_headers_that_trickle_buy_no_time(line: Line) -> None:
    line.receive(b"GET / HTTP/1.1\r\n")
    trickle(line, b"A: a\r\n", RECEIVE_TIMEOUT_S)
    assert line.refusal() == 408


def test_a_body_that_trickles_buys_no_time(line: Line) -> None:
    line.receive(POST.replace(b"10", b"1000"))
    trickle(line, b"x", RECEIVE_TIMEOUT_S)
    assert line.refusal() == 408


def test_empty_lines_before_a_request_buy_no_time(line: Line) -> None:
    trickle(line, b"\r\n", 1)
    line.clock.advance(RECEIVE_TIMEOUT_S - 1)
    assert line.has_ended()


def test_a_request_has_its_whole_time_however_late_it_begins(line: Line) -> None:
    line.clock.advance(RECEIVE_TIMEOUT_S - 1)
    line.receive(POST)
    line.clock.advance(RECEIVE_TIMEOUT_S - 1)
    line.receive(b"0123456789")
    assert line.channel.state is ConnectionState.RESPONDING
    assert not line.has_ended()


def test_an_answer_may_take_as_long_as_the_application_wants(line: Line) -> None:
    line.receive(GET)
    line.clock.advance(DAY_S)
    assert not line.has_ended()
    assert not line.wire.is_cut


def test_after_an_answer_the_connection_is_kept_for_the_next_request(line: Line) -> None:
    for _ in range(3):
        line.receive(GET)
        line.requests[0].answer()
        assert line.sent().endswith(b"answer")
        line.clock.advance(RECEIVE_TIMEOUT_S - 1)
    assert not line.has_ended()
    line.clock.advance(1)
    assert line.has_ended()


def test_who_is_refused_may_go_on_sending_for_a_moment_and_is_not_heard(line: Line) -> None:
    line.receive(POST.replace(b"10", b"1048577"))
    assert line.refusal() == 413
    line.receive(b"x" * 100_000 + GET)
    line.clock.advance(CLOSE_TIMEOUT_S - 1)
    assert (line.wire.is_cut, line.sent()) == (False, b"")
    line.clock.advance(1)
    assert line.wire.is_cut


def test_what_is_too_large_is_not_asked_for(line: Line) -> None:
    line.receive(b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n")
    assert line.refusal() == 413


def test_what_is_not_is_asked_for(line: Line) -> None:
    line.receive(b"POST / HTTP/1.1\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n")
    assert line.sent() == b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n", 414),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 501 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 450 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nlarge\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    ],
)
def test_what_cannot_be_read_is_answered_once_and_nothing_after_it(line: Line, request_: bytes, status: int) -> None:
    line.receive(request_ + GET)
    assert line.refusal() == status
    assert not any(request.path for request in line.requests)


def test_who_does_not_take_an_answer_is_cut_off(line: Line) -> None:
    line.receive(GET)
    line.channel.pauseProducing()
    assert not line.channel.drained.is_set()
    line.clock.advance(SEND_TIMEOUT_S - 1)
    assert not line.wire.is_cut
    line.clock.advance(1)
    assert line.wire.is_cut


def test_who_takes_it_in_time_is_not(line: Line) -> None:
    line.receive(GET)
    for _ in range(3):
        line.channel.pauseProducing()
        line.clock.advance(SEND_TIMEOUT_S - 1)
        line.channel.resumeProducing()
    line.clock.advance(DAY_S)
    assert line.channel.drained.is_set()
    assert not line.wire.is_cut


def test_further_requests_wait_until_the_answer_before_is_taken(line: Line) -> None:
    line.receive(GET * 3)
    line.channel.pauseProducing()
    line.requests[0].answer()
    assert line.requests == []
    assert line.wire.producerState == "paused"
    line.channel.resumeProducing()
    assert len(line.requests) == 1
    assert line.wire.producerState == "producing"


def test_who_asks_for_more_and_does_not_take_it_is_cut_off(line: Line) -> None:
    line.receive(GET * 3)
    line.channel.pauseProducing()
    line.requests[0].answer()
    line.clock.advance(RECEIVE_TIMEOUT_S)
    assert line.has_ended()
    line.clock.advance(CLOSE_TIMEOUT_S)
    assert line.wire.is_cut


def test_who_does_not_take_the_last_answer_is_cut_off(line: Line) -> None:
    line.receive(GET.replace(b"Host", b"Connection: close\r\nHost"))
    line.requests[0].answer()
    assert line.has_ended()
    line.clock.advance(CLOSE_TIMEOUT_S)
    assert line.wire.is_cut


def test_nobody_waits_for_a_connection_that_is_gone(line: Line) -> None:
    line.receive(GET)
    line.channel.pauseProducing()
    line.channel.connection_ended()
    assert line.channel.drained.is_set()
    assert line.clock.getDelayedCalls() == []
