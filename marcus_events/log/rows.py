"""Runs a statement on the log's database, and makes an event of a row of the event table.

Every function takes a connection of psycopg's own, or uses Django's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.db import connection as django_connection

from marcus_events.core.event import Event, RecordedEvent

Connection = psycopg.Connection[Any] | None
Values = Sequence[Any] | dict[str, Any] | None

# Times and JSON as text, which costs less to parse here than in psycopg's loaders. Connections are in UTC.
COLUMNS = """position, recorded_at::text, event_id, source, event_type, timestamp::text, data::text, metadata::text,
    board_id, task_id, agent_id"""
parse_time = datetime.fromisoformat
parse_json = orjson.loads  # exact for what the log holds: `core.payload` lets no number beyond 2^53-1 through


def rows(query: str, values: Values = None, connection: Connection = None) -> list[tuple[Any, ...]]:
    """Run a statement and fetch all of its rows."""
    if connection is not None:
        return connection.execute(query.encode(), values).fetchall()
    with django_connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def prepared_rows(query: str, values: Values = None) -> list[tuple[Any, ...]]:
    """Like `rows`, for a statement that runs again and again: it is parsed once for each connection.

    The server binds the values, which costs a third of the processor time that Django's cursor takes.
    """
    return run_prepared(query, values).fetchall()


def execute_prepared(statement: str, values: Values = None) -> None:
    """Like `execute`, for a statement that runs again and again."""
    run_prepared(statement, values)


def run_prepared(statement: str, values: Values) -> psycopg.Cursor[tuple[Any, ...]]:
    django_connection.ensure_connection()
    with django_connection.wrap_database_errors:
        return psycopg.Cursor(django_connection.connection).execute(statement.encode(), values, prepare=True)


def execute(statement: str, values: Values = None, connection: Connection = None) -> None:
    """Run a statement that returns no rows, or whose rows do not matter."""
    if connection is not None:
        connection.execute(statement.encode(), values)
        return
    with django_connection.cursor() as cursor:
        cursor.execute(statement, values)


def execute_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once for the values of each row."""
    with django_connection.cursor() as cursor:
        cursor.executemany(statement, list(rows))


def recorded(row: tuple[Any, ...]) -> RecordedEvent:
    """The event of a row that has COLUMNS."""
    position, recorded_at, event_id, source, event_type, timestamp, data, metadata, board_id, task_id, agent_id = row
    stated = Event(event_id, parse_time(timestamp), event_type, source, parse_json(data), parse_json(metadata))
    return RecordedEvent(position, parse_time(recorded_at), stated, board_id, task_id, agent_id)
