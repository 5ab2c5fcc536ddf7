"""`manage.py up` in its own process, with its own data directory and embedded PostgreSQL.

A context manager: the server answers inside the block and has ended after it. Inside, it may be killed and restarted
with the same address and data.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import psycopg
from psycopg.types.json import Jsonb

from marcus_events.access import tokens
from marcus_events.access.tokens import SCOPES
from marcus_events.postgres.data_directory import DataDirectory
from tests.migrated import copy_migrated
from tests.waiting import wait_until

SOURCES = Path(__file__).resolve().parent.parent
ANSWERS_WITHIN = 180  # seconds; making a database takes a while on a busy machine
ENDS_WITHIN = 90  # seconds; stopping PostgreSQL in order writes what it has to disk
PORTS = islice(cycle(range(20_000, 32_000)), os.getpid() * 100 % 12_000, None)  # below Linux's own, from 32,768 on
INSERT_TOKEN = """
INSERT INTO token (name, prefix, digest, scopes, boards, sources, created_at) VALUES (%s, %s, %s, %s, %s, %s, now())
"""


class Running:
    """`base_url` while it runs; `output` is the file with its output."""

    program: tuple[str, ...] = ("manage.py",)  # what `start` runs

    def __init__(self, **environment: str) -> None:
        self.data_dir = tempfile.TemporaryDirectory(prefix="marcus-up-")
        Path(self.data_dir.name).chmod(0o711)  # as root, PostgreSQL's user has to pass through
        self.output = Path(self.data_dir.name) / "output"
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "MARCUS_DATA_DIR": self.data_dir.name,
            "DATABASE_URL": "",
            "DEMO": "0",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._token = ""
        self.is_greeting_used = False

    @property
    def conninfo(self) -> str:
        return self.environment["DATABASE_URL"] or DataDirectory.under(Path(self.data_dir.name)).conninfo

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.clear_away()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear_away()

    def clear_away(self) -> None:
        try:
            self.end()
        finally:
            self.data_dir.cleanup()

    def prepare(self) -> None:
        """Copy a migrated database, which is faster than creating one."""
        copy_migrated(Path(self.data_dir.name))

    def start(self) -> None:
        self.process = self.start_command("up")
        wait_until(self.answers, timeout=ANSWERS_WITHIN)

    def start_command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start another command beside it; the caller has to end it."""
        command = [sys.executable, *self.program, *arguments]
        with self.output.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=SOURCES,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=restore_sigint,
            )

    def processes(self) -> list[psutil.Process]:
        """Return the supervisor and those it has started, in the order of their starts: at first web, then worker."""
        assert self.process
        supervisor = psutil.Process(self.process.pid)
        own = (child for child in supervisor.children() if child.cmdline() == supervisor.cmdline())
        return [supervisor, *sorted(own, key=lambda child: (child.create_time(), child.pid))]

    def answers(self, path: str = "/healthz") -> bool:
        assert self.process, "not started"
        assert self.process.poll() is None, f"manage.py up has ended:\n{self.output.read_text()}"
        try:
            return httpx.get(self.base_url + path).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def end(self, signal_number: int = signal.SIGTERM) -> int | None:
        """Send a signal. Any signal but SIGKILL must end it in order and in time."""
        if self.process is None:
            return None
        self.process.send_signal(signal_number)
        code = self.process.wait(ENDS_WITHIN)
        self.process = None
        return code

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=SOURCES, env=self.environment, capture_output=True, text=True, check=False)

    def manage(self, *arguments: str) -> str:
        """Return the output of another command, which must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create_token(self, name: str, scopes: Sequence[str] = SCOPES, **limits: Sequence[str]) -> str:
        """Create a token without the second that a command takes to start."""
        secret = tokens.PREFIX + secrets.token_urlsafe(32)
        given = [Jsonb(list(values)) for values in (scopes, limits.get("boards", ()), limits.get("sources", ()))]
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(INSERT_TOKEN, [name, secret[: tokens.PREFIX_LENGTH], tokens.digest(secret), *given])
        return secret

    def sign_in_link(self, user: str = "admin") -> str:
        """Return a sign-in link: at first the one that the server printed."""
        links = [word for word in self.output.read_text().split() if "/sign-in/link/" in word]
        if not links or self.is_greeting_used or user != "admin":
            return self.manage("login_link", user)
        self.is_greeting_used = True
        return links[-1]

    def sign_in_client(self, client: httpx.Client, user: str = "admin") -> None:
        """Sign the client in by a link from the command line."""
        self.follow_sign_in_link(client, self.sign_in_link(user))

    def follow_sign_in_link(self, client: httpx.Client, link: str) -> None:
        """Open the link and submit its form."""
        client.get(link).raise_for_status()
        answer = client.post(link, data={"csrfmiddlewaretoken": client.cookies["csrftoken"]}, follow_redirects=False)
        assert answer.status_code == httpx.codes.FOUND, answer.text
        client.get(f"{self.base_url}/").raise_for_status()

    @property
    def full_token(self) -> str:
        """A token that may do everything."""
        self._token = self._token or self.create_token("tests")
        return self._token

    def publish(self, *events: dict[str, Any]) -> None:
        """Publish over HTTP. The events are committed on return."""
        headers = {"Authorization": f"Bearer {self.full_token}"}
        answer = httpx.post(f"{self.base_url}/api/events", json=list(events), headers=headers, timeout=ENDS_WITHIN)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        assert not answer.json()["rejected"], [found for found in answer.json()["results"] if "error" in found][:3]

    def published(self) -> int:
        """Return the number of events without audit events."""
        headers = {"Authorization": f"Bearer {self.full_token}"}
        query = {"q": "-category:audit", "limit": "1000"}
        return len(httpx.get(f"{self.base_url}/api/events", params=query, headers=headers).json()["events"])


def free_port() -> int:
    """Return a free port outside of the range for outgoing connections. Parallel processes start at different ports."""
    for port in PORTS:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, which may follow each other
            try:
                server.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


def restore_sigint() -> None:
    """Restore the default handling of Ctrl-C, which a shell's background jobs ignore and pass on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
