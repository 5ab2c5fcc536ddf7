"""The socket for programs on a real server: origins, going on after a death, and readers who do not read."""

from __future__ import annotations

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.running_server import Running
from tests.server.test_load import Watched
from tests.waiting import TIMEOUT_S, wait_until

TEXT = "x" * 10_000
AT_ONCE = 100  # of them in a request
REQUESTS = 100  # 100 MB
WARM_UP = 20  # requests
MAY_GROW_BY = 32 * 1024**2  # bytes, of which some 15 MiB without the one who does not read


def opened(running: Running, token: str, **options: Any) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"ws://127.0.0.1:{running.port}/ws/events/"
    line: ClientConnection = connect(address, additional_headers=headers, proxy=None, **options)
    return line


def hear(line: ClientConnection, kind: str) -> Any:
    while (frame := json.loads(line.recv(TIMEOUT_S)))["type"] != kind:
        pass
    return frame


def subscribe(line: ClientConnection, **wanted: Any) -> None:
    line.send(json.dumps({"action": "subscribe", "id": "a"} | wanted))
    hear(line, "subscribed")


def test_the_address_works_without_its_last_slash(impatient: Running, program_token: str) -> None:
    for token, kind in ((program_token, "subscribed"), ("mev_wrong", "error")):
        headers = {"Authorization": f"Bearer {token}"}
        address = f"ws://127.0.0.1:{impatient.port}/ws/events"
        with connect(address, additional_headers=headers, proxy=None) as line:
            with suppress(ConnectionClosed):  # which comes with the error, perhaps before this is sent
                line.send(json.dumps({"action": "subscribe", "id": "a"}))
            hear(line, kind)


def stated(n: int) -> dict[str, Any]:
    return {"event_id": f"e{n}", "event_type": "counted", "source": "agent_1", "data": {"n": n}}


def test_another_sites_page_is_refused_and_a_program_comes_in(impatient: Running, program_token: str) -> None:
    ours = f"http://127.0.0.1:{impatient.port}"
    for foreign in ("null", "http://evil.example", f"http://127.0.0.1:{impatient.port + 1}"):
        with pytest.raises(InvalidStatus) as refusal:
            opened(impatient, program_token, origin=foreign)
        assert refusal.value.response.status_code == 403
    own: list[Any] = [None, ours]
    for origin in own:
        with opened(impatient, program_token, origin=origin) as line:
            subscribe(line)
    with opened(impatient, "mev_wrong") as line:
        assert "Unknown token" in json.loads(line.recv(TIMEOUT_S))["detail"]
        with pytest.raises(ConnectionClosed) as end:
            line.recv(TIMEOUT_S)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 4401


def test_what_is_larger_than_a_frame_may_be_ends_the_connection(impatient: Running, program_token: str) -> None:
    with opened(impatient, program_token) as line, pytest.raises(ConnectionClosed) as end:  # noqa: PT012 - either line
        line.send("x" * (1024**2 + 1))
        hear(line, "never")
    assert end.value.rcvd is None or end.value.rcvd.code == 1009


def test_through_deaths_of_the_server_and_of_the_database_each_event_comes_once(
    impatient: Running, program_token: str
) -> None:
    """The program goes on after the last that it has seen; the database's death it does not even notice."""
    seen: list[int] = []
    with opened(impatient, program_token) as line:
        subscribe(line, pattern="counted", after=0)
        impatient.publish(*map(stated, range(10)))
        seen += [hear(line, "event")["event"]["data"]["n"] for _ in range(6)]
        position = hear(line, "event")["event"]["position"]
        seen.append(6)
        impatient.end(signal.SIGKILL)
    impatient.start()
    impatient.publish(*map(stated, range(10, 20)))
    with opened(impatient, program_token) as line:
        subscribe(line, pattern="counted", after=position)
        seen += [hear(line, "event")["event"]["data"]["n"] for _ in range(13)]
        kill_database(impatient)
        wait_until(lambda: publishes(impatient, stated(20)), timeout=180)
        seen.append(hear(line, "event")["event"]["data"]["n"])
    assert seen == list(range(21))


def kill_database(running: Running) -> None:
    first = next((found for found in psutil.process_iter(["cmdline"]) if is_its(found, running)), None)
    assert first
    first.kill()


def is_its(process: psutil.Process, running: Running) -> bool:
    """The first process of the PostgreSQL in this data directory."""
    words = process.info["cmdline"] or []
    return bool(words) and words[0].endswith("postgres") and any(running.data_dir.name in word for word in words)


def publishes(running: Running, event: dict[str, Any]) -> bool:
    try:
        running.publish(event)
    except AssertionError:
        return False
    return True


def test_who_never_reads_loses_the_connection_and_costs_no_memory(impatient: Running, program_token: str) -> None:
    """While somebody else reads everything. What it takes to publish so much is no reader's, and is there before."""
    flood(impatient, WARM_UP)
    with opened(impatient, program_token) as reader, silent(impatient, program_token) as line:
        subscribe(reader)
        with Watched(impatient) as watched, ThreadPoolExecutor(1) as other:
            reading = other.submit(hear_all, reader)
            flood(impatient, REQUESTS)
            assert reading.result(180) == list(range(REQUESTS * AT_ONCE))
            wait_until(lambda: is_cut(line), timeout=180)
    assert watched.grown < MAY_GROW_BY


def flood(running: Running, requests: int) -> None:
    for first in range(0, requests * AT_ONCE, AT_ONCE):
        running.publish(*map(large, range(first, first + AT_ONCE)))


def large(n: int) -> dict[str, Any]:
    return {"event_type": "large", "source": "agent_1", "data": {"n": n, "text": TEXT}}


def hear_all(line: ClientConnection) -> list[int]:
    return [hear(line, "event")["event"]["data"]["n"] for _ in range(REQUESTS * AT_ONCE)]


def silent(running: Running, token: str) -> socket.socket:
    """It has shaken hands and subscribed to everything, and reads nothing of it."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", running.port))
    lines = [
        "GET /ws/events/ HTTP/1.1",
        f"Host: 127.0.0.1:{running.port}",
        f"Authorization: Bearer {token}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    line.sendall("\r\n".join([*lines, "", ""]).encode())
    line.recv(1024)
    text = b'{"action":"subscribe","id":"a","after":0}'
    line.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    return line


def is_cut(line: socket.socket) -> bool:
    """Whether the other end has reset it; nothing is read to find out."""
    return line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
