"""When Marcus noted in `marcus.db` that a task was completed: its board does not keep the time for every one."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from marcus_events.sources.marcus.records import moment
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy

# Keys are "<task>_<agent>_<time>".
OUTCOMES = "SELECT data FROM persistence WHERE collection = 'task_outcomes' AND substr(key, 1, length(?)) = ?"


def completed_at(database: Database, task_id: str) -> datetime | None:
    """None where nothing was noted, or cannot be read just now."""
    try:
        found = database.read(lambda connection: outcomes(connection, task_id)) if database.is_there() else []
    except (SqliteBusy, NotADatabase):
        return None
    return max(filter(None, map(time_of, found)), default=None)


def outcomes(connection: sqlite3.Connection, task_id: str) -> list[str]:
    start = f"{task_id}_"
    return [str(row["data"]) for row in connection.execute(OUTCOMES, (start, start))]


def time_of(text: str) -> datetime | None:
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return moment(stated.get("completed_at")) if isinstance(stated, dict) and stated.get("success") else None
