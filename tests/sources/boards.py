"""Writes to Marcus's board as Marcus, another tool or a person does."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from marcus_events.core.event import utc_now

BOARD = "data/kanban.db"
AGO = timedelta(minutes=10)


def an_hour_ago() -> datetime:
    return utc_now() - timedelta(hours=1)


def add_card(root: Path, task_id: str, name: str, status: str = "todo", **columns: Any) -> None:
    """Add a card to the only project; `columns` are those of the table `tasks`."""
    with closing(sqlite3.connect(root / BOARD)) as marcus, marcus:
        marcus.row_factory = sqlite3.Row
        project = marcus.execute("SELECT id FROM projects").fetchone()["id"]
        at = an_hour_ago().isoformat()
        row = {"id": task_id, "name": name, "status": status, "project_id": project, "created_at": at, "updated_at": at}
        row |= columns
        marcus.execute(f"INSERT INTO tasks ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])  # noqa: S608


def move_card(root: Path, task_id: str, **columns: Any) -> None:
    """Change columns of a card and set `updated_at` to now, unless it is given."""
    columns = {"updated_at": utc_now().isoformat()} | columns
    with closing(sqlite3.connect(root / BOARD)) as marcus, marcus:
        changes = ", ".join(f"{name} = ?" for name in columns)
        marcus.execute(f"UPDATE tasks SET {changes} WHERE id = ?", [*columns.values(), task_id])  # noqa: S608


def write_subtasks(root: Path, *subtasks: dict[str, Any]) -> None:
    """Write the file in which Marcus stores subtasks outside of its board."""
    path = root / "data/marcus_state/subtasks.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"subtasks": {item["id"]: item for item in subtasks}}))
