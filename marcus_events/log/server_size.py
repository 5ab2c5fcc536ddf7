"""How much room the database takes."""

from __future__ import annotations

from marcus_events.log.rows import Connection, rows


def database_bytes(connection: Connection = None) -> int:
    [(size,)] = rows("SELECT pg_database_size(current_database())", None, connection)
    return int(size)
