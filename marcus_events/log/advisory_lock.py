"""Advisory locks for work that one process does at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.log.rows import rows


@contextmanager
def try_advisory_lock(connection: psycopg.Connection[Any], key: int) -> Iterator[bool]:
    """Yield whether the lock was acquired; it is held within the block.

    It is released before the connection is closed: the server notices that only a moment later.
    """
    is_acquired = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,)
    try:
        yield is_acquired
    finally:
        if is_acquired:
            with suppress(*CONNECTION_ERRORS):
                connection.execute("SELECT pg_advisory_unlock(%s)", (key,))


def try_transaction_lock(key: int) -> bool:
    """Acquire the lock until the transaction of Django's connection ends; return whether it was free."""
    return bool(rows("SELECT pg_try_advisory_xact_lock(%s)", [key])[0][0])
