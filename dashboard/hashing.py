"""Password hashing, one at a time.

A hash takes a good part of a second of a processor, on purpose, and anybody can cause one by trying to sign in. So each
process hashes one password at a time, at the lowest priority. A few more wait, holding no database connection, and
whoever comes when the line is full is turned away at once. This holds wherever a password is hashed: at sign-in, for known
and unknown names alike, in Django's admin, and by commands.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

MAX_IN_LINE = 5  # with the one that is being hashed: on a slow machine the last one waits some five seconds
LOWEST_PRIORITY = 19


class LineIsFull(Exception):
    """Nothing was hashed: too many are waiting for that already."""


class Line:
    """Counts those who wait, and turns away those who are too many."""

    def __init__(self, most: int = MAX_IN_LINE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._waiting = 0

    @property
    def is_full(self) -> bool:
        return self._waiting >= self._most

    @contextmanager
    def place(self) -> Iterator[None]:
        """Raises LineIsFull."""
        with self._lock:
            if self.is_full:
                raise LineIsFull
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1


line = Line()


def lower_priority() -> None:
    """Of this thread: publishing goes first. Only Linux knows priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)


_thread = ThreadPoolExecutor(1, thread_name_prefix="password hashing", initializer=lower_priority)


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own algorithm and format."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises LineIsFull."""
        with line.place():
            if not connection.in_atomic_block:
                connection.close()  # back into the pool
            return _thread.submit(super().encode, password, salt, iterations).result()
