"""The server forgets a request when it is answered; what fails is still answered."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running_server import ENDS_WITHIN, SOURCES

REQUESTS = 200


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "tests.server.counting", str(listener.fileno())]
        environment = os.environ | {"MARCUS_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
        process = subprocess.Popen(command, cwd=SOURCES, env=environment, pass_fds=[listener.fileno()])
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=ENDS_WITHIN) as client:
                yield client
        finally:
            process.kill()
            process.wait()


def test_a_request_that_is_answered_is_forgotten_at_once(client: httpx.Client) -> None:
    known = [int(client.get("/").text) for _ in range(REQUESTS)]
    assert max(known) <= 2, "the request itself, and perhaps the one whose answer has just arrived"


def test_a_request_whose_application_fails_is_answered(client: httpx.Client) -> None:
    assert client.get("/fail").status_code == 500
    assert client.get("/").text in {"1", "2"}
