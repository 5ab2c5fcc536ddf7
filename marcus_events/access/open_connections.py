"""Limit the open requests and connections: in total, by programs, and per address, token and user.

    with ConnectionSlots() as slots:
        slots.acquire("all")
        slots.acquire("token", str(token.pk))  # raises Problem

1. Each request holds slots until it is answered, each WebSocket and each long poll for as long as it is open.
2. Programs hold at most MAX_PROGRAM_CONNECTIONS, so that they cannot lock people out. All together hold at most
   MAX_ANSWERED, so that the server can still accept a connection, such as one to `/healthz`, which is not counted.
3. A limit refuses new connections and never closes an open one.
4. Slots are released when the block ends.

The counts are per process, in memory: the limits protect this process.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from threading import Lock
from types import TracebackType
from typing import Self

from django.conf import settings

from marcus_events.access.authentication import Caller, network_of
from marcus_events.core.problem import Problem

MAX_CONNECTIONS = 1_000  # of a process: a few hundred open pages; some ten kilobytes each, and up to two files
MAX_ANSWERED = MAX_CONNECTIONS - 100  # the rest is for requests that are still arriving, which give way to newer ones
MAX_PROGRAM_CONNECTIONS = MAX_CONNECTIONS // 2
RETRY_AFTER_S = 5

OF_ONE = "open, which is the limit. Close one or wait for one to end."
REFUSALS = {
    "token": f"This token has {{most}} connections and waiting requests {OF_ONE}",
    "user": "You have {most} pages and connections open, which is the limit. Close one.",
    "address": f"This address has {{most}} requests and connections {OF_ONE}",
    "program": "All {most} connections for programs are in use. Try again later.",
    "all": "The server is handling its limit of {most} requests and connections. Try again in a moment.",
}
SERVER_LIMITS = ("program", "all")  # what no caller alone can help

SlotKey = tuple[str, str]  # the limit, and whose it is; "" where it is everybody's

_open: Counter[SlotKey] = Counter()
_lock = Lock()


class ConnectionSlots:
    """The slots that one request or connection holds."""

    def __init__(self) -> None:
        self._taken: list[SlotKey] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with _lock:
            for key in self._taken:
                _open[key] -= 1
                if not _open[key]:
                    del _open[key]
            self._taken.clear()

    def take(self, limit: str, who: str = "") -> None:
        """Raises Problem where there is none left; those that were taken before are kept."""
        key, most = (limit, who), maximum_of(limit)
        with _lock:
            if has_room := _open[key] < most:
                _open[key] += 1
                self._taken.append(key)
        if not has_room:
            raise limit_problem(limit, most)

    def take_for(self, caller: Caller) -> None:
        """One of all, and one of the caller's address. Raises Problem."""
        self.take("all")
        self.take("address", network_of(caller.address))

    def take_for_program(self, token_id: int) -> None:
        """Raises Problem."""
        self.take("token", str(token_id))
        self.take("program")


def maximum_of(limit: str) -> int:
    stated: dict[str, int] = {"program": MAX_PROGRAM_CONNECTIONS, "all": MAX_ANSWERED, **settings.CONNECTIONS}
    return stated[limit]


def limit_problem(limit: str, most: int) -> Problem:
    status = HTTPStatus.SERVICE_UNAVAILABLE if limit in SERVER_LIMITS else HTTPStatus.TOO_MANY_REQUESTS
    detail = REFUSALS[limit].format(most=most)
    return Problem(status, detail, retry_after_s=RETRY_AFTER_S, limit=f"{limit}_connections")


def open_counts() -> dict[str, int]:
    """Return the number of open requests and connections: in total, by programs and by people."""
    with _lock:
        people = sum(number for (limit, _), number in _open.items() if limit == "user")
        return {"all": _open["all", ""], "programs": _open["program", ""], "people": people}
