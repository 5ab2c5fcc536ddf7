"""An answer that is broken off on purpose: whoever reads it is told, and the log is not."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.running_server import ENDS_WITHIN, Running
from tests.waiting import wait_until

EVENTS, LETTERS = 60, 200_000  # more than the buffers between a program and one that does not read take in


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as running:
        yield running


def test_a_cancelled_export_ends_for_its_reader_without_its_end(running: Running) -> None:
    for n in range(EVENTS):
        running.publish({"event_type": "note", "source": "tests", "data": {"n": n, "text": "word " * (LETTERS // 5)}})
    with httpx.Client(follow_redirects=True, base_url=running.base_url) as person:
        running.sign_in_client(person)
        with reading(running, person.cookies, "/history/export/?format=jsonl") as answer:
            assert b"200 OK" in answer.recv(1_000)
            shown = wait_until(lambda: re.search(r'name="export" value="(\w+)"', person.get("/history/exports/").text))
            assert shown
            token = {"X-CSRFToken": person.cookies["csrftoken"], "Origin": running.base_url}
            assert person.post("/history/exports/", data={"export": shown.group(1)}, headers=token).is_success
            assert not rest_of(answer).endswith(b"0\r\n\r\n")
        recorded = "/history/?q=type:history_exported"
        assert wait_until(
            lambda: re.search(r"Admin exported \d+ events", re.sub("<[^>]+>", "", person.get(recorded).text))
        )
    assert "Cancelled" not in running.output.read_text()


def reading(running: Running, cookies: httpx.Cookies, path: str) -> socket.socket:
    """A request whose answer is taken in small pieces."""
    connection = socket.socket()
    connection.settimeout(ENDS_WITHIN)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    connection.connect(("127.0.0.1", running.port))
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nCookie: {cookie}\r\n\r\n".encode())
    return connection


def rest_of(answer: socket.socket) -> bytes:
    """Until the other side ends it, which it has to."""
    last = b""
    try:
        while piece := answer.recv(65_536):
            last = last[-10:] + piece
    except ConnectionResetError:
        pass
    return last
