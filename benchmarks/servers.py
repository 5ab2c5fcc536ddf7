"""The servers of the contestants: each a process group of its own, with its data in a temporary directory.

Each is a context manager that yields when the server answers, and ends everything that it has started.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.contest import NotMeasured
from tests.running_server import Running, free_port

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
SETTLE_TIMEOUT_S = 120.0
# Limits that protect a server from a single client would end a measurement with one client.
WITHOUT_CLIENT_LIMITS = {
    "MARCUS_RATE_TOKEN": "1000000/second",
    "MARCUS_RATE_ADDRESS": "1000000/second",
    "MARCUS_CONNECTIONS_TOKEN": "5000",
    "MARCUS_CONNECTIONS_ADDRESS": "5000",
    "MARCUS_MAX_LAG": "0",
}
BEHIND = """SELECT (SELECT position FROM log_head WHERE id = 1)
    - coalesce((SELECT min(position) FROM checkpoint WHERE projection = ANY(%s)), 0)"""
PROJECTIONS = ["state", "rates", "search"]


@dataclass
class Server:
    """A server that answers. `headers` is what a client has to send."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    conninfo: str = ""


@contextmanager
def marcus_daphne() -> Iterator[Server]:
    """`manage.py up` as `make run` runs it: Daphne, a worker and the embedded PostgreSQL; no demo"""
    with Running(**WITHOUT_CLIENT_LIMITS) as up:
        yield Server(up.port, {"Authorization": f"Bearer {up.full_token}"}, up.conninfo)


@contextmanager
def marcus_uvicorn() -> Iterator[Server]:
    """The same application under uvicorn, beside `manage.py worker` with the embedded PostgreSQL"""
    with (
        RunningWorker(**WITHOUT_CLIENT_LIMITS) as worker,
        server_process(uvicorn_command("config.asgi:application", worker.port), worker.port, worker.environment),
    ):
        yield Server(worker.port, {"Authorization": f"Bearer {worker.full_token}"}, worker.conninfo)


class RunningWorker(Running):
    """`manage.py worker`, which starts PostgreSQL; it has no port."""

    def start(self) -> None:
        self.process = self.start_command("worker")
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_reachable(self.conninfo):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotMeasured(f"manage.py worker does not start: {last_line(self.output)}")
            time.sleep(0.1)


@contextmanager
def bare_daphne() -> Iterator[Server]:
    """A bare ASGI application without a database, under the same Daphne with the same limits"""
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="marcus-bench-") as directory,
        server_process([sys.executable, "-m", "benchmarks.bare_asgi", str(port)], port, own_environment(directory)),
    ):
        yield Server(port)


@contextmanager
def bare_uvicorn() -> Iterator[Server]:
    """The bare ASGI application under uvicorn with uvloop and httptools"""
    port = free_port()
    with server_process(uvicorn_command("benchmarks.bare_asgi:application", port), port, dict(os.environ)):
        yield Server(port)


def uvicorn_command(application: str, port: int) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", application, "--lifespan", "off", *options]


def own_environment(directory: str) -> dict[str, str]:
    return os.environ | {"MARCUS_DATA_DIR": directory, "DATABASE_URL": "", "MARCUS_SECRET_KEY": "for-benchmarks-only"}


@contextmanager
def server_process(
    command: Sequence[str], port: int, environment: dict[str, str], timeout_s: float = START_TIMEOUT_S
) -> Iterator[None]:
    """Run a server in a process group of its own, from when it listens on the port to the end of the whole group."""
    with tempfile.NamedTemporaryFile(prefix="marcus-bench-") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise NotMeasured(f"cannot be started: {error.strerror}") from error
        try:
            deadline = time.monotonic() + timeout_s
            while not is_listening(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NotMeasured(f"does not start: {last_line(Path(output.name))}")
                time.sleep(0.05)
            yield
        finally:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def is_reachable(conninfo: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(conninfo, connect_timeout=2):
        return True
    return False


def last_line(file: Path) -> str:
    lines = file.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def wait_settled(server: Server) -> None:
    """Wait until the tables have caught up with the log, so that one round does not slow the next."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        while time.monotonic() < deadline:
            found = connection.execute(BEHIND, [PROJECTIONS]).fetchone()
            if found and found[0] <= 0:
                return
            time.sleep(0.05)
    raise NotMeasured(f"the tables did not catch up within {SETTLE_TIMEOUT_S:g} s")
