"""Runs a statement on the log's database, and makes an event of a row of the event table.

Every function takes a connection of psycopg's own, or uses Django's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection as django_connection

from marcus_events.core.event import Event, RecordedEvent

Connection = psycopg.Connection[Any] | None
Values = Sequence[Any] | dict[str, Any] | None

# Times and JSON as text: Python parses it in C, and psycopg's loader of times does not. Connections are in UTC.
COLUMNS = """position, recorded_at::text, event_id, source, event_type, timestamp::text, data::text, metadata::text,
    board_id, task_id, agent_id"""
parse_time = datetime.fromisoformat
parse_json = json.JSONDecoder().raw_decode  # `json.loads` searches for white space first, which jsonb does not have


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
    (data, _), (metadata, _) = parse_json(data), parse_json(metadata)
    stated = Event(event_id, parse_time(timestamp), event_type, source, data, metadata)
    return RecordedEvent(position, parse_time(recorded_at), stated, board_id, task_id, agent_id)
