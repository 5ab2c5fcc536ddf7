"""The lease of a durable subscription: which process owns it. An owner holds it on a database connection of its own.

- A lease is free if it has expired, or if its owner's connection is gone, as after a kill. Acquiring it increments the
  fence.
- Every write of an owner names its fence. An owner that was stopped, and wakes after another process has acquired the
  lease, finds that its fence is no longer the newest: `Fenced` is raised, and nothing is written.
- An owner asks before each call of its handler, too, unless it was certain less than SURE_FOR_S ago. That time counts
  from before the question was sent: a process may be stopped while the answer is under way.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from marcus_events.log.connect import connect

Connection = psycopg.Connection[Any]

SURE_FOR_S = 0.05  # a question of some 100 µs then costs a busy owner little, and one that was stopped always asks
# time.monotonic stands still while Linux sleeps; leases run on.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

CREATE = """
INSERT INTO subscription (name, patterns, position, epoch, fence, owner, attempts, last_error)
SELECT %(name)s, %(patterns)s, coalesce(%(after)s, position), epoch, 0, '', 0, '' FROM log_head WHERE id = 1
ON CONFLICT (name) DO NOTHING
"""
# backend_start distinguishes a backend from a later one with the same pid; that of another role is not visible.
ACQUIRE = """
UPDATE subscription SET fence = fence + 1, owner = %(owner)s, patterns = %(patterns)s, backend = pg_backend_pid(),
    backend_since = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
    leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE name = %(name)s AND (leased_until IS NULL OR leased_until < clock_timestamp() OR NOT EXISTS (
    SELECT FROM pg_stat_activity WHERE pid = backend AND coalesce(backend_start, backend_since) = backend_since))
RETURNING fence, position, epoch, attempts
"""
RENEW = """
UPDATE subscription SET leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE name = %(name)s AND fence = %(fence)s
"""
IS_OURS = "SELECT 1 FROM subscription WHERE name = %(name)s AND fence = %(fence)s"
RELEASE = "UPDATE subscription SET leased_until = NULL, owner = '' WHERE name = %(name)s AND fence = %(fence)s"
ACKNOWLEDGE = """
UPDATE subscription SET position = %(position)s, epoch = %(epoch)s, attempts = 0
WHERE name = %(name)s AND fence = %(fence)s
"""
COUNT_FAILURE = """
UPDATE subscription SET attempts = %(attempts)s, last_error = %(error)s WHERE name = %(name)s AND fence = %(fence)s
"""
PARK = """
INSERT INTO parked_event (subscription_id, position, error, attempts, parked_at, replay)
VALUES (%(name)s, %(position)s, %(error)s, %(attempts)s, clock_timestamp(), false)
ON CONFLICT (subscription_id, position)
DO UPDATE SET error = excluded.error, attempts = parked_event.attempts + excluded.attempts, replay = false
"""
TO_REPLAY = "SELECT position FROM parked_event WHERE subscription_id = %(name)s AND replay ORDER BY position LIMIT 100"
UNPARK = "DELETE FROM parked_event WHERE subscription_id = %(name)s AND position = %(position)s"


class Fenced(RuntimeError):
    """Another process owns the subscription now."""


@dataclass
class Lease:
    """The writes of an owner, which are possible while its fence is the newest. Each raises Fenced otherwise.

    The thread of the owner and the one that renews the lease share it.
    """

    connection: Connection
    name: str
    lease_s: float
    confirmed_at: float  # by CLOCK: when this process was last known to own it
    fence: int
    position: int
    epoch: UUID
    attempts: int
    lock: threading.RLock = field(default_factory=threading.RLock)

    def renew(self) -> None:
        """Extend the lease."""
        self._fenced(RENEW, lease_s=self.lease_s)

    def confirm(self) -> None:
        """Before each call of a handler: ask whether this process still owns it, unless that was certain just now."""
        age_s = time.clock_gettime(CLOCK) - self.confirmed_at
        if age_s > self.lease_s / 2:
            self.renew()
        elif age_s > SURE_FOR_S:
            self._fenced(IS_OURS)

    def acknowledge(self, position: int, epoch: UUID) -> None:
        """Store that everything up to this position is done."""
        self._fenced(ACKNOWLEDGE, position=position, epoch=epoch)
        self.position, self.epoch, self.attempts = position, epoch, 0

    def failed(self, attempts: int, error: str) -> None:
        """Store how often the handler has failed on the next event, for the next owner."""
        self._fenced(COUNT_FAILURE, attempts=attempts, error=error)
        self.attempts = attempts

    def park(self, position: int, epoch: UUID, attempts: int, error: str) -> None:
        """Park an event with its error, and acknowledge it, in one transaction."""
        with self.lock, self.connection.transaction():
            self.acknowledge(position, epoch)
            self._execute(PARK, position=position, attempts=attempts, error=error)

    def positions_to_replay(self) -> list[int]:
        """The parked events that somebody marked for replay."""
        with self.lock:
            return [row[0] for row in self.connection.execute(TO_REPLAY, {"name": self.name})]

    def replayed(self, position: int) -> None:
        with self.lock, self.connection.transaction():
            self.renew()
            self._execute(UNPARK, position=position)

    def replay_failed(self, position: int, error: str) -> None:
        with self.lock, self.connection.transaction():
            self.renew()
            self._execute(PARK, position=position, attempts=1, error=error)

    def release(self) -> None:
        """Let another process acquire the lease at once."""
        self._fenced(RELEASE)

    def _fenced(self, query: str, **values: Any) -> None:
        named = {"name": self.name, "fence": self.fence, **values}
        with self.lock:
            asked_at = time.clock_gettime(CLOCK)
            found = self.connection.execute(query.encode(), named).rowcount
        if found != 1:
            raise Fenced(f"subscription {self.name} is owned by another process now")
        self.confirmed_at = asked_at

    def _execute(self, query: str, **values: Any) -> None:
        self.connection.execute(query.encode(), {"name": self.name, **values})


def create(name: str, patterns: tuple[str, ...], after: int | None) -> None:
    """Create the subscription at its position in the log, unless it exists."""
    with connect("subscription", autocommit=True) as connection:
        connection.execute(CREATE, {"name": name, "patterns": ", ".join(patterns), "after": after})


def acquire(connection: Connection, name: str, patterns: tuple[str, ...], lease_s: float) -> Lease | None:
    """Acquire the lease; None while another process holds it."""
    owner = f"{socket.gethostname()} {os.getpid()}"
    values = {"name": name, "patterns": ", ".join(patterns), "owner": owner, "lease_s": lease_s}
    asked_at = time.clock_gettime(CLOCK)
    row = connection.execute(ACQUIRE, values).fetchone()
    return Lease(connection, name, lease_s, asked_at, *row) if row else None
