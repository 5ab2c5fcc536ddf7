"""COPY in a single piece, for a thread beside a busy event loop.

psycopg sends pieces of 32 KiB. After each of them another thread may run, for as long as it likes up to 5 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.copy import LibpqWriter


class SinglePieceWriter(LibpqWriter):
    """Sends the rows when all of them are there."""

    def __init__(self, cursor: Any) -> None:
        super().__init__(cursor)
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> None:
        self._pieces.append(bytes(data))

    def finish(self, exc: BaseException | None = None) -> None:
        if exc is None:
            super().write(b"".join(self._pieces))
        super().finish(exc)


def copy(connection: psycopg.Connection[Any], query: str, rows: Iterable[Sequence[object]]) -> None:
    """Copy rows with `query`, a COPY ... FROM STDIN, in the caller's transaction."""
    with connection.cursor() as cursor, cursor.copy(query.encode(), writer=SinglePieceWriter(cursor)) as copying:
        for row in rows:
            copying.write_row(row)
