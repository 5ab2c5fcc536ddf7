"""The real application under test: `manage.py up` in a process of its own, on a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psycopg
from django.conf import settings
from playwright.sync_api import Page
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from tests.waiting import wait_until

SOURCES = Path(__file__).resolve().parent.parent.parent
ENDS_WITHIN = 30  # seconds


class Application:
    """`base_url` while it runs. It can be killed and started again: the database and the address stay the same."""

    def __init__(self, database: str, *, demo: bool = False) -> None:
        self.database = database
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.data_dir = tempfile.TemporaryDirectory(prefix="marcus-up-")
        self.output = Path(self.data_dir.name) / "output"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "MARCUS_DATA_DIR": self.data_dir.name,
            "DATABASE_URL": conninfo_of(database),
            "DEMO": "1" if demo else "0",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.cookies: list[Any] = []

    def __enter__(self) -> "Application":
        with administration() as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.database)))
        try:
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
            with administration() as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(self.database)))
            self.data_dir.cleanup()

    def start(self) -> None:
        self.process = self.start_command("up")
        wait_until(self.answers, timeout=60)

    def start_command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Another command beside it, which whoever starts it has to end."""
        command = [sys.executable, "manage.py", *arguments]
        with self.output.open("ab") as output:
            return subprocess.Popen(
                command, cwd=SOURCES, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def answers(self) -> bool:
        assert self.process, "not started"
        assert self.process.poll() is None, f"manage.py up has ended:\n{self.output.read_text()}"
        try:
            return httpx.get(f"{self.base_url}/healthz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def end(self, signal_number: int = signal.SIGTERM) -> None:
        """SIGKILL is the way a crash ends it. Any other signal has to end it in order, within a bound."""
        if self.process is not None:
            self.process.send_signal(signal_number)
            self.process.wait(ENDS_WITHIN)
            self.process = None

    def manage(self, *arguments: str) -> str:
        """Run another command beside it; returns what that printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=SOURCES, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def sign_in_link(self, user: str = "admin") -> str:
        return self.manage("login_link", user)

    def sign_in(self, page: Page) -> None:
        """As the administrator, on Now. One session serves all pages that are opened while this runs."""
        if self.cookies:
            page.context.add_cookies(self.cookies)
        page.goto(self.base_url if self.cookies else self.sign_in_link())
        self.cookies = self.cookies or list(page.context.cookies())

    def publish(self, *events: dict[str, Any]) -> None:
        """As any program would, over HTTP. The events are committed when it returns."""
        if not hasattr(self, "_token"):
            self._token = self.manage("create_token", "tests")
        answer = httpx.post(
            f"{self.base_url}/api/events", json=list(events), headers={"Authorization": f"Bearer {self._token}"}
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text


def conninfo_of(database: str) -> str:
    """On the server that the tests run on."""
    given = settings.DATABASES["default"]
    found = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    return make_conninfo("", dbname=database, **{name: value for name, value in found.items() if value})


def administration() -> psycopg.Connection[Any]:
    return psycopg.connect(conninfo_of("postgres"), autocommit=True)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
