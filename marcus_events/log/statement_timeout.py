"""How long a reader of the log may be waited for.

Some questions have no quick answer: the beginning of a word that is only a letter, a pattern that hardly anything
fits. Whoever asks one on a page is told to ask for less, and nobody else has to wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from marcus_events.log.rows import execute

READS = ("SELECT", "WITH")
EXACT_S = 0.1  # what it is exact to: most questions are answered sooner, and need not tell the server twice


class QueryTimeout(RuntimeError):
    """The log was not read to the end of the question."""


class Patience:
    """What is left of the time, for whoever asks in several statements."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._said_s = float("inf")  # what the server was told to be left

    def renew(self) -> None:
        """No statement from here on takes longer than what is left. Raises TookTooLong."""
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise QueryTimeout
        if self._said_s - left_s > EXACT_S:
            self._said_s = left_s
            execute("SELECT set_config('statement_timeout', %s, true)", [f"{max(1, round(left_s * 1000))}ms"])


@contextmanager
def at_most(seconds: float) -> Iterator[Patience]:
    """No statement within, on Django's connection, takes longer. Raises TookTooLong."""
    try:
        with transaction.atomic():
            patience = Patience(seconds)
            patience.renew()
            yield patience
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise QueryTimeout from error
        raise


@contextmanager
def all_at_most(seconds: float) -> Iterator[None]:
    """All statements within take no longer together. Raises TookTooLong."""
    with at_most(seconds) as patience, connection.execute_wrapper(renewing(patience)):
        yield


def renewing(patience: Patience) -> Callable[..., Any]:
    def in_time(call: Callable[..., Any], sql: str, *values: Any) -> Any:
        if sql.lstrip().startswith(READS):  # what ends a transaction that has failed must not be held up
            patience.renew()
        return call(sql, *values)

    return in_time


@contextmanager
def each_at_most(seconds: float) -> Iterator[None]:
    """No single statement within takes longer, in transactions of its own or outside of any. Raises TookTooLong."""
    try:
        set_timeout(f"{round(seconds * 1000)}ms")
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise QueryTimeout from error
        raise
    finally:
        reset_timeout()


def set_timeout(stated: str) -> None:
    execute("SELECT set_config('statement_timeout', %s, false)", [stated])


def reset_timeout() -> None:
    """The connection goes back to others, or is closed where that cannot be told to it."""
    try:
        execute("RESET statement_timeout")
    except DatabaseError:
        connection.close()
