"""Record rejected requests and their reasons, so that people can find out why an agent's events do not arrive.

    record_rejection(401, "This token is not known here", caller, "POST", "/api/events")

1. Recording adds a dictionary entry and never fails the request. A thread writes the entries about once a second.
2. Equal rejections are one row with a count. Beyond MAX_PENDING different ones, the rest is counted as "(others)", so
   that a flood fills neither the memory nor the table.
3. While the database is unavailable, the counts stay in memory. The table keeps the newest MAX_ROWS rows.
4. Tokens are masked. The values of a payload are not stored: callers must not put them into `reason`.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import astuple, dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction

from marcus_events.access.authentication import Caller
from marcus_events.access.tokens import PREFIX_LENGTH
from marcus_events.core.event import utc_now
from marcus_events.core.lifecycle import Declared
from marcus_events.core.problem import Problem
from marcus_events.log.rows import execute, execute_many

logger = logging.getLogger(__name__)

RECORDED_STATUSES = frozenset(
    {400, 401, 403, 409, 413, 415, 422, 429}
)  # what a caller can mend; not a wrong address, nor our fault
OTHERS = "(others)"
MAX_PENDING = 100  # different refusals that wait to be written
MAX_ROWS = 200  # rows
MAX_REASON, MAX_PATH, MAX_ADDRESS, MAX_METHOD = 300, 120, 64, 16  # characters; together they fit into an index
WRITE_INTERVAL_S = 1.0
RETRY_AFTER_S = 5.0
TOKEN_LIKE = re.compile(r"(mev_[\w-]{4})[\w-]+")  # it may stand in a query that is refused with its own words

WRITE = """
INSERT INTO refused_request AS r (status, reason, address, prefix, method, path, count, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (status, reason, address, prefix, method, path) DO UPDATE
SET count = r.count + excluded.count, last_at = greatest(r.last_at, excluded.last_at)
"""
FORGET = """
DELETE FROM refused_request
WHERE id NOT IN (SELECT id FROM refused_request ORDER BY last_at DESC, id DESC LIMIT %s)
"""


@dataclass(frozen=True, order=True)
class RejectionKind:
    """The key by which rejections are counted. `prefix` is the prefix of the token, "" without one."""

    status: int
    reason: str
    address: str
    prefix: str
    method: str
    path: str


@dataclass
class Tally:
    count: int
    first_at: datetime
    last_at: datetime

    def add(self, other: Tally) -> None:
        self.count += other.count
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)


def record_rejection(status: int, reason: str, caller: Caller, method: str, path: str) -> None:
    """Count a rejection. Returns at once and never raises. `reason` must not contain values of the payload."""
    now = utc_now()
    rejected_requests().add(
        RejectionKind(
            int(status),
            sanitise(reason, MAX_REASON),
            sanitise(caller.address, MAX_ADDRESS),
            sanitise(caller.prefix, PREFIX_LENGTH),
            sanitise(method, MAX_METHOD),
            sanitise(path, MAX_PATH),
        ),
        Tally(1, now, now),
    )


def record_problem(problem: Problem, caller: Caller, method: str, path: str) -> None:
    """Count a Problem if its status is one that a caller can fix."""
    if problem.status in RECORDED_STATUSES:
        record_rejection(problem.status, problem.reason, caller, method, path)


def sanitise(text: str, length: int) -> str:
    """Mask tokens, replace characters that PostgreSQL cannot store, and truncate to `length` characters."""
    storable = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    masked = TOKEN_LIKE.sub(r"\1…", storable)
    return masked if len(masked) <= length else masked[: length - 1] + "…"


class RejectedRequests:
    """A service: the rejections of this process that are not written yet, and the thread that writes them."""

    def __init__(self) -> None:
        self._waiting: dict[RejectionKind, Tally] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name="rejected requests", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, refusal: RejectionKind, tally: Tally) -> None:
        with self._wake:
            self._count(refusal, tally)
            self._wake.notify_all()

    def stop_soon(self) -> None:
        """Keep running: requests that are still in progress may be rejected."""

    def stop(self) -> None:
        """Write the pending rejections if the database is available, and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()

    def _count(self, refusal: RejectionKind, tally: Tally) -> None:
        if refusal not in self._waiting and len(self._waiting) >= MAX_PENDING:
            refusal = RejectionKind(refusal.status, OTHERS, OTHERS, "", "", "")
        known = self._waiting.setdefault(refusal, tally)
        if known is not tally:
            known.add(tally)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last, taken = self._take()
            if taken:
                self._write(taken)

    def _take(self) -> tuple[bool, dict[RejectionKind, Tally]]:
        """Whether these are the last, and what has gathered since the last time."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            self._wake.wait_for(lambda: self._closing, RETRY_AFTER_S if self._is_away else WRITE_INTERVAL_S)
            taken, self._waiting = self._waiting, {}
            return self._closing, taken

    def _write(self, taken: dict[RejectionKind, Tally]) -> None:
        try:
            write(taken)
            self._is_away = False
        except (OperationalError, InterfaceError) as error:
            self._put_back(taken, error)
        except Exception:
            logger.exception("%s rejected requests could not be recorded", sum(tally.count for tally in taken.values()))

    def _put_back(self, taken: dict[RejectionKind, Tally], error: Exception) -> None:
        if not self._is_away:
            logger.warning("rejected requests are waiting to be recorded: %s", error)
        self._is_away = True
        with self._wake:
            for refusal, tally in taken.items():
                self._count(refusal, tally)


def write(taken: dict[RejectionKind, Tally]) -> None:
    """Upsert the counts in key order, so that two processes cannot deadlock."""
    rows = [(*astuple(refusal), *astuple(tally)) for refusal, tally in sorted(taken.items(), key=lambda pair: pair[0])]
    try:
        with transaction.atomic():
            execute_many(WRITE, rows)
            execute(FORGET, [MAX_ROWS])
    finally:
        connection.close()  # back into the pool


REJECTED_REQUESTS = Declared("rejected requests", RejectedRequests)


def rejected_requests() -> RejectedRequests:
    """Return the service of this process."""
    return REJECTED_REQUESTS.get()
