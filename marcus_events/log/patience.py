"""How long a reader of the log may be waited for.

Words are looked for in every text of every event: over a whole log of a million that takes seconds of a core. Whoever
asks for it on a page is told to ask for less, and nobody else has to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TookTooLong(RuntimeError):
    """The log was not read to the end of the question."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """No statement within, on Django's connection, takes longer. Raises TookTooLong."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{round(seconds * 1000)}ms"])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong from error
        raise
