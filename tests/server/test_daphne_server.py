"""The gate in front of the real server: what is refused is answered, and everything else goes through."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from marcus_events.http.json_body import MAX_BODY
from tests.running_server import Running
from tests.server.crowd import ASKED_AHEAD, GET, exchange
from tests.waiting import wait_until

POST = b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    b"dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
BLOCK = b"x" * 1024**2
MAY_WAIT = 1024**2  # bytes: both ends' buffers, of which the client's has a limit of its own
CHUNK = b"100000\r\n" + BLOCK + b"\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as running:
        yield running


def blocks(number: int) -> Iterator[bytes]:
    for _ in range(number):
        yield BLOCK


def assert_too_large(status: int, body: bytes) -> None:
    problem = httpx.Response(status, content=body).json()
    assert (status, problem["status"], problem["limit"]) == (413, 413, "body_bytes")
    assert "larger than 1048576 bytes" in problem["detail"]


@pytest.mark.parametrize("content", [BLOCK + b"x", blocks(20)], ids=["stated", "chunked"])
def test_a_body_that_is_too_large_is_refused_in_the_words_of_the_api(
    running: Running, content: bytes | Iterator[bytes]
) -> None:
    answer = httpx.post(f"{running.base_url}/api/events", content=content)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert_too_large(answer.status_code, answer.content)


@pytest.mark.parametrize("content", [BLOCK, blocks(1)], ids=["stated", "chunked"])
def test_a_body_of_the_largest_size_goes_through(running: Running, content: bytes | Iterator[bytes]) -> None:
    assert httpx.post(f"{running.base_url}/api/events", content=content).status_code == httpx.codes.UNAUTHORIZED


def test_who_reads_nothing_is_sent_little_that_waits_in_the_system(running: Running) -> None:
    """What a stopped server has handed over to the operating system is all that still arrives."""
    web = running.processes()[1]
    with socket.create_connection(("127.0.0.1", running.port)) as line:
        line.sendall(GET * ASKED_AHEAD)
        wait_until(lambda: line.recv(1, socket.MSG_PEEK))
        wait_until(running.answers)
        web.suspend()
        try:
            line.settimeout(1.0)
            arrived = 0
            with suppress(TimeoutError):
                while received := line.recv(MAX_BODY):
                    arrived += len(received)
        finally:
            web.resume()
    assert 0 < arrived < MAY_WAIT


def test_a_client_that_is_to_wait_loses_its_connection(running: Running) -> None:
    """So that its next request takes its turn among the new connections."""
    with httpx.Client(base_url=running.base_url, headers={"Authorization": "Bearer mev_wrong"}) as client:
        answers = [client.get("/api/boards") for _ in range(62)]
    assert {(answer.status_code, answer.headers.get("Connection")) for answer in answers} == {
        (httpx.codes.UNAUTHORIZED, None),
        (httpx.codes.TOO_MANY_REQUESTS, "close"),
    }
    assert answers[-1].json()["limit"] == "stranger_rate"


@pytest.mark.parametrize(
    ("header", "block"), [(b"Content-Length: 99999999\r\n\r\n", BLOCK), (b"Transfer-Encoding: chunked\r\n\r\n", CHUNK)]
)
def test_the_answer_reaches_a_client_that_sends_everything_before_it_reads(
    running: Running, header: bytes, block: bytes
) -> None:
    head, _, body = exchange(running.port, POST + header, then=50, block=block).partition(b"\r\n\r\n")
    assert_too_large(int(head.split()[1]), body)


def test_the_end_of_a_body_that_is_too_large_is_not_taken_for_a_request(running: Running) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK + CHUNK + b"0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n"
    assert exchange(running.port, chunked).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("host", ["http://127.0.0.1:{port}", "HTTP://localhost", "https://127.0.0.1"])
def test_a_target_in_absolute_form_is_answered_like_its_path(running: Running, host: str) -> None:
    """The host that it names counts, and the header Host does not."""
    target = host.format(port=running.port)
    for path, status in {"/healthz": 200, "/api/nothing?a=1": 404, "/api/boards": 401, "": 302}.items():
        answer = exchange(
            running.port, f"GET {target}{path} HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (path, answer)


@pytest.mark.parametrize("host", ["http://other.example", "http://", "http://ann@127.0.0.1", "http://127.0.0.1.evil"])
def test_a_host_named_by_the_target_is_checked_as_ever(running: Running, host: str) -> None:
    for line in ("GET {}/ HTTP/1.1", "GET {}/api/boards HTTP/1.1", "POST {}/api/events HTTP/1.1"):
        head = f"{line.format(host)}\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        assert exchange(running.port, head.encode()).startswith(b"HTTP/1.1 400 "), line
    handshake = f"GET {host}/ws/live/ HTTP/1.1\r\nOrigin: http://127.0.0.1\r\nHost: 127.0.0.1\r\n".encode()
    assert exchange(running.port, handshake + UPGRADE + b"\r\n").startswith(b"HTTP/1.1 403 ")


def test_a_websocket_is_opened_by_a_target_in_absolute_form(running: Running) -> None:
    place = f"127.0.0.1:{running.port}"
    head = f"GET ws://{place}/ws/live/?page=now HTTP/1.1\r\nOrigin: {running.base_url}\r\nHost: other.example\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as line:
        line.sendall(head.encode() + UPGRADE + b"\r\n")
        assert line.recv(1024).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("path", ["/ws/none/", "/api/events", "/ws/%ff/"])
def test_a_websocket_to_an_address_that_there_is_not_is_refused(running: Running, path: str) -> None:
    origin = f"Origin: {running.base_url}\r\nHost: 127.0.0.1:{running.port}\r\n"
    handshake = f"GET {path} HTTP/1.1\r\n{origin}".encode() + UPGRADE + b"\r\n"
    assert exchange(running.port, handshake).startswith(b"HTTP/1.1 403 ")


def test_a_subprotocol_that_is_not_ascii_is_refused(running: Running) -> None:
    handshake = b"GET /ws/events/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + UPGRADE + b"Sec-WebSocket-Protocol: \xe9\r\n\r\n"
    assert exchange(running.port, handshake).startswith(b"HTTP/1.1 400 ")


def test_whatever_is_answered_has_a_policy_and_is_taken_for_nothing_else(running: Running) -> None:
    large = httpx.post(f"{running.base_url}/api/events", content=BLOCK + b"x")
    got = [httpx.get(running.base_url + path) for path in ("/", "/api/events", "/static/icon.svg", "/healthz", "/none")]
    got.append(httpx.get(f"{running.base_url}/static/icon.svg", headers={"Range": "bytes=9999-"}))
    for answer in (large, *got):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_others_and_the_same_client_are_served_afterwards(running: Running) -> None:
    with httpx.Client(base_url=running.base_url) as client:
        for _ in range(3):
            assert client.post("/api/events", content=BLOCK + b"x").status_code == 413
            assert client.get("/healthz").status_code == httpx.codes.OK


def test_a_connection_is_kept_and_requests_may_be_sent_ahead(running: Running) -> None:
    healthz = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    assert (
        exchange(running.port, (healthz + b"\r\n") * 9 + healthz + b"Connection: close\r\n\r\n").count(b" 200 ") == 10
    )


@pytest.fixture
def live(running: Running) -> Iterator[ClientConnection]:
    """The WebSocket of an open page, as a browser that is signed in opens it."""
    with httpx.Client(follow_redirects=True) as browser:
        running.sign_in_client(browser)
        headers = {"Cookie": f"sessionid={browser.cookies['sessionid']}", "Origin": running.base_url}
    address = f"ws://127.0.0.1:{running.port}/ws/live/?page=now"
    with connect(address, additional_headers=headers, max_size=None) as line:
        yield line


def test_a_websocket_is_opened_and_hears(live: ClientConnection) -> None:
    assert "<" in str(live.recv(timeout=180))


def test_a_message_that_is_too_large_ends_its_websocket(live: ClientConnection) -> None:
    live.recv(timeout=180)
    live.send("x" * MAX_BODY)
    assert live.ping().wait(timeout=180)
    with pytest.raises(ConnectionClosed):  # noqa: PT012 - frames may have been on their way
        live.send("x" * (MAX_BODY + 1))
        while True:
            live.recv(timeout=180)


def test_it_ends_in_order_while_a_request_is_still_arriving(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as line:
        line.sendall(POST)
        wait_until(running.answers)
        assert running.end() == 0
    assert "Traceback" not in running.output.read_text()
    running.start()
