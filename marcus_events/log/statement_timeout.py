"""Statement timeouts for reads that may be slow.

Some queries have no fast plan: a prefix of one letter, a pattern that matches almost nothing. They are cancelled, so
that one request cannot occupy a connection for minutes. The page then asks its reader to narrow the search.

Three scopes, each a context manager on Django's connection:

    statement_timeout(8.0)      each statement has 8 s
    total_timeout(2.0)          all statements together have 2 s, in one transaction
    deadline_in(2.0)            the same, but the caller says when the time that is left is sent to the server

All of them raise QueryTimeout.
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
PRECISION_S = 0.1  # statement_timeout is set again only when it is off by more: it costs a round trip


class QueryTimeout(RuntimeError):
    """A query was cancelled because its time was over."""


class Deadline:
    """The end of the time that several statements of one transaction have together."""

    def __init__(self, timeout_s: float) -> None:
        self._ends_at = time.monotonic() + timeout_s
        self._set_to_s = float("inf")  # the statement_timeout that the server has now

    def apply(self) -> None:
        """Limit every statement from here on to the time that is left. Raises QueryTimeout when none is."""
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise QueryTimeout
        if self._set_to_s - left_s > PRECISION_S:
            self._set_to_s = left_s
            set_timeout(f"{max(1, round(left_s * 1000))}ms", in_transaction=True)


@contextmanager
def deadline_in(timeout_s: float) -> Iterator[Deadline]:
    """A transaction with a deadline; call `apply` before each further statement. Raises QueryTimeout."""
    with query_timeouts(), transaction.atomic():
        deadline = Deadline(timeout_s)
        deadline.apply()
        yield deadline


@contextmanager
def total_timeout(timeout_s: float) -> Iterator[None]:
    """A transaction whose statements have this time together. Raises QueryTimeout."""
    with deadline_in(timeout_s) as deadline, connection.execute_wrapper(applying(deadline)):
        yield


def applying(deadline: Deadline) -> Callable[..., Any]:
    def in_time(call: Callable[..., Any], sql: str, *values: Any) -> Any:
        if sql.lstrip().startswith(READS):  # a ROLLBACK must run even when the time is over
            deadline.apply()
        return call(sql, *values)

    return in_time


@contextmanager
def statement_timeout(timeout_s: float) -> Iterator[None]:
    """Limit each statement, in transactions of its own or outside of any. Raises QueryTimeout."""
    try:
        with query_timeouts():
            set_timeout(f"{round(timeout_s * 1000)}ms", in_transaction=False)
            yield
    finally:
        reset_timeout()


@contextmanager
def query_timeouts() -> Iterator[None]:
    """Raise QueryTimeout where PostgreSQL says that it has cancelled a query."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise QueryTimeout from error
        raise


def set_timeout(value: str, *, in_transaction: bool) -> None:
    execute("SELECT set_config('statement_timeout', %s, %s)", [value, in_transaction])


def reset_timeout() -> None:
    """Reset the connection for its next user. One that cannot be reset is closed."""
    try:
        execute("RESET statement_timeout")
    except DatabaseError:
        connection.close()
