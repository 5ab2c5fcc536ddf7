"""Write many rows with COPY, which costs half as much as arrays (see `docs/decisions`, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.copy import LibpqWriter


class SinglePieceWriter(LibpqWriter):
    """Sends the rows in one piece. With psycopg's many pieces, other threads would run between them."""

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
