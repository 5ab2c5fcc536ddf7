"""Too large a body does not reach the application, whatever server runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.middleware.body_limit import BodyLimit
from marcus_events.http.json_body import MAX_BODY
from tests.running_server import ENDS_WITHIN, SOURCES, free_port
from tests.waiting import wait_until

Message = dict[str, Any]
BLOCK = b"x" * (MAX_BODY // 4)


class Server:
    """Calls an application with a body, and keeps what it answers."""

    def __init__(self, body: list[bytes], length: bytes | None = None) -> None:
        self.scope = {"type": "http", "headers": [(b"content-length", length)] if length is not None else []}
        self.messages = [{"type": "http.request", "body": part, "more_body": True} for part in body]
        self.messages.append({"type": "http.request", "more_body": False})
        self.asked = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.asked += 1
        return self.messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> int:
        await BodyLimit(reads_and_answers)(self.scope, self.receive, self.send)
        assert [message["type"] for message in self.sent] == ["http.response.start", "http.response.body"]
        return int(self.sent[0]["status"])


async def reads_and_answers(scope: Any, receive: Any, send: Any) -> None:
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})


async def test_what_is_within_the_limit_goes_through() -> None:
    assert await Server([BLOCK] * 4).run() == 200
    assert await Server([BLOCK] * 4, length=str(MAX_BODY).encode()).run() == 200


@pytest.mark.parametrize("length", [str(MAX_BODY + 1).encode(), b"9" * 5_000])
async def test_a_stated_length_that_is_too_large_is_refused_unread(length: bytes) -> None:
    server = Server([BLOCK], length)
    assert await server.run() == 413
    assert server.asked == 0


@pytest.mark.parametrize("length", [None, b"5", b"five"])
async def test_what_is_not_stated_or_is_a_lie_is_counted(length: bytes | None) -> None:
    server = Server([BLOCK] * 400, length)
    assert await server.run() == 413
    assert server.asked == 5
    headers = dict(server.sent[0]["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(server.sent[1]["body"])
    assert json.loads(server.sent[1]["body"])["limit"] == "body_bytes"


@pytest.fixture(scope="module")
def uvicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole application under another server; neither a refusal nor /healthz needs a database."""
    address = ("127.0.0.1", str(free_port()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    environment["MARCUS_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", address[0], "--port", address[1]]
    with Path(os.devnull).open("w") as nowhere:
        process = subprocess.Popen(command, cwd=SOURCES, env=environment, stdout=nowhere, stderr=nowhere)
    site = f"http://{':'.join(address)}"
    try:
        wait_until(lambda: answers(site))
        yield site
    finally:
        process.terminate()
        process.wait(ENDS_WITHIN)


def answers(site: str) -> bool:
    try:
        return httpx.get(f"{site}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("is_stated", [True, False])
def test_under_uvicorn_too(uvicorn: str, is_stated: bool) -> None:
    body = BLOCK * 80 if is_stated else iter([BLOCK] * 80)
    answer = httpx.post(f"{uvicorn}/api/events", content=body)
    assert (answer.status_code, answer.json()["limit"]) == (413, "body_bytes")
    assert answers(uvicorn)
