"""A producer whose connection dies after it has sent its event sends it again: the event is in the log once.

MARCUS_TEST_DEATHS says how many connections die.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.running_server import ENDS_WITHIN, Running

COUNT = int(os.environ.get("MARCUS_TEST_DEATHS", "200"))
AT_ONCE = 20
DEATHS = (*(0.01 * n for n in range(7)), None)  # seconds after the request was sent; None: when its answer has arrived
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection, and what is under way is lost


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as application:
        yield application


def test_dying_connections_put_each_event_into_the_log_once(running: Running) -> None:
    token = running.create_token("producer")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=running.base_url, headers=headers, timeout=ENDS_WITHIN) as client:

        def publish_twice(n: int) -> dict[str, object]:
            send_and_die(running.port, body_of(n), token, when=DEATHS[n % len(DEATHS)])
            answer = client.post("/api/events", content=body_of(n), headers={"Content-Type": "application/json"})
            assert answer.status_code == httpx.codes.CREATED, answer.text
            result: dict[str, object] = answer.json()["results"][0]
            return result

        with ThreadPoolExecutor(AT_ONCE) as producers:
            results = list(producers.map(publish_twice, range(COUNT)))
        positions = {str(result["position"]) for result in results}
        assert len(positions) == COUNT
        assert any(result["status"] == "duplicate" for result in results), "none of the dying ones got through"
        for n in (0, COUNT // 2, COUNT - 1):
            again = client.post("/api/events", content=body_of(n), headers={"Content-Type": "application/json"})
            assert again.json()["results"][0] == results[n] | {"status": "duplicate", "code": 200}
        assert client.get("/api/counters").json()["by_type"]["task_progress"] <= COUNT
        held = client.get("/api/events", params={"type": "task_progress", "limit": 1_000}).json()["events"]
        assert len({str(event["position"]) for event in held} & positions) == len(held) == min(COUNT, 1_000)


def body_of(n: int) -> bytes:
    return json.dumps({"event_id": f"e{n}", "event_type": "task_progress", "source": "s", "data": {"n": n}}).encode()


def send_and_die(port: int, body: bytes, token: str, *, when: float | None) -> None:
    """Every byte of the request is handed over, nothing of the answer is taken; it dies `when` seconds later, or (None)
    when the answer is there. So some die before the request is read, some before the commit, some surely after it.
    """
    lines = [
        "POST /api/events HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        if when is None:
            select.select([connection], [], [], ENDS_WITHIN)
        else:
            time.sleep(when)
