"""The PostgreSQL server: creates its files, starts it, checks whether it runs, stops it.

Callers hold the locks that keep other processes from doing the same (see cluster_member.py).
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from marcus_events.postgres.data_directory import DATABASE, PORT, SUPERUSER, DataDirectory, StartFailed, programs

VERSION = "18"
MAX_CONNECTIONS = 200  # ten processes with a pool of ten each, their log tails, and psql sessions
CREATE_OPTIONS = [
    "--auth=trust",  # see data_directory.py for who can connect
    "--encoding=UTF8",
    # The same collation and case mapping everywhere, whatever locales the machine has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--set=max_connections={MAX_CONNECTIONS}",
]
LOG_LIMIT = 10 * 1024 * 1024  # bytes; one rotated log is kept
POLL_INTERVAL_S = 0.02
STOP_SIGNALS = [
    (signal.SIGINT, 60.0),  # fast shutdown: ends sessions and writes a checkpoint, which can take long
    (signal.SIGQUIT, 10.0),  # immediate shutdown, like a crash; nothing committed is lost
]
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # an inherited PGPORT must not change the port


class BackendsStillRunning(StartFailed):
    """The server was killed and some of its backends are still running; they will end soon."""


class Cluster:
    """The server of one data directory."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory
        self._child: subprocess.Popen[bytes] | None = None
        self._log_seen = 0  # size of the log before this start

    def ensure_running(self) -> None:
        """Start the server if necessary. Returns when it answers and has our database."""
        if self.is_ending():
            self.stop()
        if self.pid() is None:
            if not self.directory.data.exists():
                self._create()
            self._check_version()
            self._clear_stale_locks()
            self._launch()
        self._await_ready()
        self._ensure_database()

    def pid(self) -> int | None:
        """Return the server's process id, or None. Checks the process: after a power loss, or in a container, the id
        in the file may belong to another one.
        """
        if self._child is not None:
            self._child.poll()  # reaps a dead child, which would count as running otherwise
        pid = _first_number(self.directory.data / "postmaster.pid")
        return pid if pid is not None and self._is_server(pid) else None

    def is_ending(self) -> bool:
        """Return whether the server is dead or shutting down: it then refuses new sessions while old ones last."""
        return self.pid() is None or self._status() == "stopping"

    def stop(self) -> None:
        for signal_number, timeout_s in STOP_SIGNALS:
            if (pid := self.pid()) is None:
                return
            _send(pid, signal_number)
            if self._wait_until_stopped(timeout_s):
                return
        raise RuntimeError(f"PostgreSQL (process {self.pid()}) does not stop. See {self.directory.log}")

    def disown(self) -> None:
        """Let the server outlive this process without a warning from `subprocess`."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0
        self._child = None

    def _create(self) -> None:
        """Create the files in a temporary directory and rename it, so that an interrupted run leaves no partial
        database.
        """
        unfinished = self.directory.root / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        result = subprocess.run(
            [programs() / "initdb", "-D", unfinished, "-U", SUPERUSER, *CREATE_OPTIONS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            cwd="/",
            **self.directory.as_owner(),
        )
        if result.returncode != 0:
            raise StartFailed(f"PostgreSQL's files could not be created in {unfinished}:\n{result.stderr.strip()}")
        unfinished.rename(self.directory.data)

    def _check_version(self) -> None:
        found = (self.directory.data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise StartFailed(f"{self.directory.data} was written by PostgreSQL {found}; this is PostgreSQL {VERSION}.")

    def _clear_stale_locks(self) -> None:
        """Remove lock files that PostgreSQL leaves alone: empty ones (power loss), and ones with a reused process id.

        PostgreSQL still refuses to start beside live backends.
        """
        socket_lock = self.directory.socket_directory / f".s.PGSQL.{PORT}.lock"
        for lock in (self.directory.data / "postmaster.pid", socket_lock):
            pid = _first_number(lock)
            if lock.exists() and (pid is None or not self._is_server(pid)):
                lock.unlink()

    def _launch(self) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.directory.socket_directory),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
        }
        arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            self._child = subprocess.Popen(
                [programs() / "postgres", "-D", self.directory.data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,  # Ctrl-C in the terminal must not reach the server
                umask=0o077,
                **self.directory.as_owner(),
            )

    def _await_ready(self) -> None:
        """Wait until the server is ready. Recovery may take any time; there is no timeout while the process lives."""
        while (pid := self.pid()) is not None or self._child_is_starting():
            if pid is not None and self._status() == "ready":
                return
            time.sleep(POLL_INTERVAL_S)
        log_tail = self._end_of_log()
        error_type = BackendsStillRunning if "shared memory block" in log_tail else StartFailed
        raise error_type(f"PostgreSQL did not start. {self.directory.log} ends with:\n{log_tail}")

    def _status(self) -> str:
        """Return the status that PostgreSQL writes to the eighth line of postmaster.pid."""
        try:
            return (self.directory.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (OSError, IndexError):
            return ""

    def _child_is_starting(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _ensure_database(self) -> None:
        import psycopg  # imported here to save memory in the guard, which never needs it

        try:
            with psycopg.connect(self.directory.conninfo_of("postgres"), autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
        except psycopg.Error as error:
            raise StartFailed(f"PostgreSQL runs in {self.directory.root} but does not respond: {error}") from error

    def _is_server(self, pid: int) -> bool:
        try:
            command = psutil.Process(pid).cmdline()
        except (psutil.Error, ValueError):
            return False
        return str(self.directory.data) in command and Path(command[0]).name == "postgres"

    def _wait_until_stopped(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_INTERVAL_S)
        return True

    def _open_log(self) -> IO[bytes]:
        if self.directory.log.exists() and self.directory.log.stat().st_size > LOG_LIMIT:
            self.directory.log.replace(self.directory.log.with_suffix(".old"))
        log = os.fdopen(self.directory.open(self.directory.log.name, os.O_APPEND), "ab")
        self._log_seen = log.seek(0, os.SEEK_END)
        return log

    def _end_of_log(self) -> str:
        with self.directory.log.open(errors="replace") as log:
            log.seek(self._log_seen)
            return "\n".join(log.read().splitlines()[-8:])


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _send(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
