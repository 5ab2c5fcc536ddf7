"""Hashes passwords one at a time.

A hash deliberately takes a good part of a second of CPU time, and anybody can cause one by trying to sign in. So
passwords are hashed one at a time, in a low-priority process: publishing goes first. A few callers wait, without a
database connection; further ones are rejected at once. This applies to all hashing: sign-in, for known and unknown
names alike, Django's admin, and commands. Each web process has its own queue.
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

MAX_QUEUE_LENGTH = 5  # including the current one; on a slow machine the last one waits about five seconds
HASH_TIMEOUT_S = 30.0  # per hash, generous for an overloaded machine
HASH = """
import hashlib, json, os, sys
os.nice(5)
try:
    with open("/proc/self/autogroup", "w") as group:  # Linux schedules by session group first: lower its priority
        group.write("5")
except OSError:
    pass
digest, password, salt, iterations = json.load(sys.stdin)
sys.stdout.buffer.write(hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), iterations))
"""
COMMAND = [sys.executable, "-I", "-S", "-c", HASH]  # without site-packages it starts in about 20 ms


class HashingQueueFull(Exception):
    """Nothing was hashed: too many callers are waiting, or the machine is overloaded."""


class HashingQueue:
    """Admits one caller at a time and a limited number of waiting ones."""

    def __init__(self, most: int = MAX_QUEUE_LENGTH) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._turn = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Return whether a new caller would be rejected right now."""
        if is_free := self._places.acquire(blocking=False):
            self._places.release()
        return not is_free

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Wait for the turn. Raises HashingQueueFull."""
        if not self._places.acquire(blocking=False):
            raise HashingQueueFull
        try:
            if not connection.in_atomic_block:
                connection.close()  # return it to the pool
            with self._turn:
                yield
        finally:
            self._places.release()


queue = HashingQueue()


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own algorithm and format, hashed through the queue."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingQueueFull."""
        self._check_encode_args(password, salt)  # type: ignore[attr-defined] # the stubs leave it out
        rounds = iterations or self.iterations
        with queue.acquire():
            key = base64.b64encode(derive_key(self.digest().name, password, salt, rounds)).decode()
        return f"{self.algorithm}${rounds}${salt}${key}"


def derive_key(digest: str, password: str, salt: str, iterations: int) -> bytes:
    asked = json.dumps([digest, password, salt, iterations]).encode()
    options: dict[str, Any] = {"capture_output": True, "start_new_session": True, "timeout": HASH_TIMEOUT_S}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(COMMAND, input=asked, check=True, **options)
    except subprocess.TimeoutExpired:
        raise HashingQueueFull from None
    return done.stdout
