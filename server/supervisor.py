"""Runs processes side by side, each with a Python interpreter of its own, until it is told to stop.

1. Processes are forked from one that has neither threads nor database connections: they share the memory of everything
   that is imported, and start at once.
2. A process that ends by itself is started again, after a pause that doubles while it keeps ending soon.
3. SIGTERM or Ctrl-C is passed on to every process; one that has not ended after STOP_TIMEOUT_S is killed. A second
   signal kills at once.
4. If the supervisor is killed, its processes end at once: they read the end of a pipe that it alone keeps open.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

STOP_TIMEOUT_S = 30.0
MIN_PAUSE_S, MAX_PAUSE_S = 0.5, 30.0  # before a process is started again
STEADY_S = 60.0  # a process that ran for so long is started again without a longer pause
SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)
fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class ProcessRole:
    """What a process runs: `run(is_first)`, where `is_first` is False when the process was started again.

    `run` returns soon after SIGTERM.
    """

    name: str
    run: Callable[[bool], None]


class Child:
    """One process of the supervisor, and when it is due to be started (again), on the monotonic clock."""

    def __init__(self, role: ProcessRole) -> None:
        self.role = role
        self.process: BaseProcess | None = None
        self.started_at = 0.0
        self.due = 0.0
        self.pause_s = 0.0

    @property
    def is_ended(self) -> bool:
        return self.process is not None and not self.process.is_alive()

    def schedule_restart(self, reason: str) -> None:
        """Log why the process does not run, and when it is started again."""
        now = time.monotonic()
        is_steady = now - self.started_at > STEADY_S
        self.pause_s = MIN_PAUSE_S if is_steady or not self.pause_s else min(self.pause_s * 2, MAX_PAUSE_S)
        self.due = now + self.pause_s
        self.process = None
        logger.error("The %s process %s. Starting it again in %g s.", self.role.name, reason, self.pause_s)


class Supervisor:
    def __init__(self, roles: Sequence[ProcessRole]) -> None:
        self._children = [Child(role) for role in roles]
        self._lifeline = os.pipe()
        self._signals = 0
        self._deadline = 0.0

    def run(self) -> None:
        """Start all roles, keep them running, and return after a signal, when all have ended."""
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        while not self._signals:
            for child in self._children:
                if child.process is None and time.monotonic() >= child.due and not self._signals:
                    self._start(child)
            self._wait()
            for child in self._children:
                if child.is_ended and not self._signals:
                    child.schedule_restart(describe_exit(child.process))
        self._wait_for_end()

    def _wait(self) -> None:
        """Wait until a process ends. While one is due to be started again, return after a moment."""
        running = [child.process.sentinel for child in self._children if child.process]
        wait(running, None if len(running) == len(self._children) else MIN_PAUSE_S)

    def _start(self, child: Child) -> None:
        """Fork, with signals held back, so that none is handled by the wrong process."""
        is_first = not child.started_at
        child.started_at = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            process = fork.Process(target=self._run_child, args=(child.role, is_first), name=child.role.name)
            process.start()
            child.process = process
        except OSError as error:  # no memory, or too many processes
            child.schedule_restart(f"cannot be started ({error.strerror})")
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _run_child(self, role: ProcessRole, is_first: bool) -> None:
        """Run a role in its process. In a group of its own, Ctrl-C reaches it from the supervisor alone."""
        os.setpgid(0, 0)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        reading, writing = self._lifeline
        os.close(writing)
        threading.Thread(target=end_with, args=(reading,), name="lifeline", daemon=True).start()
        role.run(is_first)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._deadline = self._deadline or time.monotonic() + STOP_TIMEOUT_S
        for child in self._children:
            if child.process is not None:
                child.process.terminate() if self._signals == 1 else child.process.kill()

    def _wait_for_end(self) -> None:
        for child in self._children:
            if child.process is None:
                continue
            child.process.join(max(0.0, self._deadline - time.monotonic()))
            if child.process.is_alive():
                logger.error("The %s process has not ended within %g s. Killing it.", child.role.name, STOP_TIMEOUT_S)
                child.process.kill()
                child.process.join()


def end_with(lifeline: int) -> None:
    """End this process at once when nobody holds the other end of the pipe open any more."""
    os.read(lifeline, 1)
    os._exit(1)


def describe_exit(process: BaseProcess | None) -> str:
    code = process.exitcode if process else None
    return f"was killed by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"


def prepare_fork() -> None:
    """Keep the memory of what is imported shared: the garbage collector would write to all of it."""
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()
