"""Password hashing, one at a time.

A hash takes a good part of a second of a processor, on purpose, and anybody can cause one by trying to sign in. So one
password is hashed at a time, in a process of its own with a low priority: publishing goes first. A few more wait, and
hold no database connection; whoever comes when the line is full is turned away at once. This holds wherever a password
is hashed: at sign-in, for known and unknown names alike, in Django's admin, and by commands. Each web process has its
own line.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

MAX_IN_LINE = 5  # with the one that is being hashed: on a slow machine the last one waits some five seconds
LONGEST_S = 30.0  # of one hash, on a machine that does a hundred other things; then it is given up
HASH = """
import hashlib, json, os, sys
os.nice(5)
try:
    with open("/proc/self/autogroup", "w") as group:  # Linux shares processors among sessions before it looks at them
        group.write("5")
except OSError:
    pass
digest, password, salt, iterations = json.load(sys.stdin)
sys.stdout.buffer.write(hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), iterations))
"""
COMMAND = [sys.executable, "-I", "-S", "-c", HASH]  # without site-packages it starts in some 20 ms


class LineIsFull(Exception):
    """Nothing was hashed: too many are waiting for that, or the machine has no time for it."""


class HashingQueue:
    """One at a time. Those who wait are few, and who would be one too many is turned away."""

    def __init__(self, most: int = MAX_IN_LINE) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._turn = threading.Lock()

    @property
    def is_full(self) -> bool:
        """At this moment, for those who would rather not come."""
        if is_free := self._places.acquire(blocking=False):
            self._places.release()
        return not is_free

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises LineIsFull."""
        if not self._places.acquire(blocking=False):
            raise LineIsFull
        try:
            if not connection.in_atomic_block:
                connection.close()  # back into the pool
            with self._turn:
                yield
        finally:
            self._places.release()


line = HashingQueue()


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own algorithm and format."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises LineIsFull."""
        self._check_encode_args(password, salt)  # type: ignore[attr-defined] # the stubs leave it out
        rounds = iterations or self.iterations
        with line.turn():
            key = base64.b64encode(derived(self.digest().name, password, salt, rounds)).decode()
        return f"{self.algorithm}${rounds}${salt}${key}"


def derived(digest: str, password: str, salt: str, iterations: int) -> bytes:
    asked = json.dumps([digest, password, salt, iterations]).encode()
    options: dict[str, Any] = {"capture_output": True, "start_new_session": True, "timeout": LONGEST_S}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(COMMAND, input=asked, check=True, **options)
    except subprocess.TimeoutExpired:
        raise LineIsFull from None
    return done.stdout
