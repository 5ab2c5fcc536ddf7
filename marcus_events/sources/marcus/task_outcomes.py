"""Completion times from the task outcomes in `marcus.db`. The board does not store one for every task."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from marcus_events.sources.marcus.records import parse_utc
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy

# Keys are "<task>_<agent>_<time>".
OUTCOMES = "SELECT data FROM persistence WHERE collection = 'task_outcomes' AND substr(key, 1, length(?)) = ?"


def find_completed_at(database: Database, task_id: str) -> datetime | None:
    """Return the time of the last successful outcome; None if there is none or the database is unreadable right now."""
    try:
        found = database.read(lambda connection: outcome_texts(connection, task_id)) if database.exists() else []
    except (SqliteBusy, NotADatabase):
        return None
    return max(filter(None, map(success_time, found)), default=None)


def outcome_texts(connection: sqlite3.Connection, task_id: str) -> list[str]:
    start = f"{task_id}_"
    return [str(row["data"]) for row in connection.execute(OUTCOMES, (start, start))]


def success_time(text: str) -> datetime | None:
    try:
        outcome = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parse_utc(outcome.get("completed_at")) if isinstance(outcome, dict) and outcome.get("success") else None
