"""The server itself: create its files, start it, tell whether it runs, stop it.

Callers see to it that nobody else does any of this at the same time (see member.py).
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
MAX_CONNECTIONS = 200  # ten processes with a full pool of ten each, their tails, and people with psql
CREATE_OPTIONS = [
    "--auth=trust",  # see place.py for who can reach it
    "--encoding=UTF8",
    # The same order and the same upper and lower case everywhere, whatever locales the machine has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--set=max_connections={MAX_CONNECTIONS}",
]
LOG_LIMIT = 10 * 1024 * 1024  # bytes; one older log is kept
LOOK_EVERY = 0.02  # seconds
STOP_SIGNALS = [
    (signal.SIGINT, 60.0),  # "fast": ends sessions, writes a checkpoint, which can take a while
    (signal.SIGQUIT, 10.0),  # "immediate": as a crash would; nothing committed is lost
]
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # a PGPORT of ours must not move the server


class StillInUse(StartFailed):
    """A server was killed and some of its backends are still at work; they end by themselves, soon."""


class Cluster:
    def __init__(self, place: DataDirectory) -> None:
        self.place = place
        self._child: subprocess.Popen[bytes] | None = None
        self._log_seen = 0  # bytes of the log that tell of earlier starts

    def ensure_running(self) -> None:
        """Returns when the server answers and has our database."""
        if self.is_ending():
            self.stop()
        if self.pid() is None:
            if not self.place.data.exists():
                self._create()
            self._refuse_other_version()
            self._clear_stale_locks()
            self._launch()
        self._await_ready()
        self._ensure_database()

    def pid(self) -> int | None:
        """Of the running server. That a file names a process is not enough: after a power loss, or in a
        container, the number may by now be anybody's."""
        if self._child is not None:
            self._child.poll()  # a dead child that nobody has asked about still counts as a process
        pid = _first_number(self.place.data / "postmaster.pid")
        return pid if pid is not None and self._is_ours(pid) else None

    def is_ending(self) -> bool:
        """Dead, or told by somebody else to stop: it then refuses new sessions for as long as old ones last."""
        return self.pid() is None or self._status() == "stopping"

    def stop(self) -> None:
        for signal_number, patience in STOP_SIGNALS:
            if (pid := self.pid()) is None:
                return
            _send(pid, signal_number)
            if self._gone_within(patience):
                return
        raise RuntimeError(f"PostgreSQL (process {self.pid()}) does not stop. See {self.place.log}")

    def disown(self) -> None:
        """The server may outlive this process, and `subprocess` need not warn of it."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0
        self._child = None

    def _create(self) -> None:
        """In a directory beside, renamed when it is whole: one that was interrupted is never taken for a
        database."""
        unfinished = self.place.root / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        done = subprocess.run(
            [programs() / "initdb", "-D", unfinished, "-U", SUPERUSER, *CREATE_OPTIONS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            cwd="/",
            **self.place.as_owner(),
        )
        if done.returncode != 0:
            raise StartFailed(f"PostgreSQL's files could not be created in {unfinished}:\n{done.stderr.strip()}")
        unfinished.rename(self.place.data)

    def _refuse_other_version(self) -> None:
        found = (self.place.data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise StartFailed(f"{self.place.data} was written by PostgreSQL {found}; this is PostgreSQL {VERSION}.")

    def _clear_stale_locks(self) -> None:
        """PostgreSQL clears the lock files of a dead server itself, unless they are empty (power loss) or
        name a process that lives (its number was given out again). It still refuses to start beside
        backends that are alive."""
        socket_lock = self.place.socket_directory / f".s.PGSQL.{PORT}.lock"
        for lock in (self.place.data / "postmaster.pid", socket_lock):
            pid = _first_number(lock)
            if lock.exists() and (pid is None or not self._is_ours(pid)):
                lock.unlink()

    def _launch(self) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.place.socket_directory),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
        }
        arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            self._child = subprocess.Popen(
                [programs() / "postgres", "-D", self.place.data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,  # Ctrl-C in the terminal is for the command alone
                umask=0o077,
                **self.place.as_owner(),
            )

    def _await_ready(self) -> None:
        """However long recovery takes: as long as the process lives, it is at work."""
        while (pid := self.pid()) is not None or self._child_is_starting():
            if pid is not None and self._status() == "ready":
                return
            time.sleep(LOOK_EVERY)
        said = self._end_of_log()
        kind = StillInUse if "shared memory block" in said else StartFailed
        raise kind(f"PostgreSQL did not start. {self.place.log} ends with:\n{said}")

    def _status(self) -> str:
        """PostgreSQL's own word on itself: the eighth line of postmaster.pid."""
        try:
            return (self.place.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (OSError, IndexError):
            return ""

    def _child_is_starting(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _ensure_database(self) -> None:
        import psycopg  # only here: the guard waits for days and needs none of it

        try:
            with psycopg.connect(self.place.conninfo_of("postgres"), autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
        except psycopg.Error as error:
            raise StartFailed(f"PostgreSQL runs in {self.place.root} but does not respond: {error}") from error

    def _is_ours(self, pid: int) -> bool:
        try:
            command = psutil.Process(pid).cmdline()
        except (psutil.Error, ValueError):
            return False
        return str(self.place.data) in command and Path(command[0]).name == "postgres"

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY)
        return True

    def _open_log(self) -> IO[bytes]:
        if self.place.log.exists() and self.place.log.stat().st_size > LOG_LIMIT:
            self.place.log.replace(self.place.log.with_suffix(".old"))
        log = os.fdopen(self.place.open(self.place.log.name, os.O_APPEND), "ab")
        self._log_seen = log.seek(0, os.SEEK_END)
        return log

    def _end_of_log(self) -> str:
        with self.place.log.open(errors="replace") as log:
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
