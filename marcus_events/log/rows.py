"""Runs a statement on the log's database, and makes an event of a row of the event table.

Every function takes a connection of psycopg's own, or uses Django's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from django.db import connection as django_connection

from marcus_events.core.event import Event, RecordedEvent

Connection = psycopg.Connection[Any] | None
Values = Sequence[Any] | dict[str, Any] | None

COLUMNS = """position, recorded_at, event_id, source, event_type, timestamp, data::text, metadata::text,
    board_id, task_id, agent_id"""


def rows(query: str, values: Values = None, connection: Connection = None) -> list[tuple[Any, ...]]:
    """Run a statement and fetch all of its rows."""
    if connection is not None:
        return connection.execute(query.encode(), values).fetchall()
    with django_connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


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
    stated = Event(event_id, timestamp, event_type, source, json.loads(data), json.loads(metadata))
    return RecordedEvent(position, recorded_at, stated, board_id, task_id, agent_id)
