"""Writes to Marcus's board as Marcus, another tool or a person does."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from marcus_events.core.event import utc_now
from tests.sources.conversing import acknowledged, blocker, now
from tests.sources.installations import CONVERSATIONS, append, rows_of

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


def report_blocker(root: Path, description: str, task_id: str) -> None:
    """Report a blocker now, by the agent that has the card. Marcus writes the report, the card and the acknowledgement.

    The card must not be left as it was: after `SETTLE_S` its status would count, and the blocker would be resolved.
    Between the report and the acknowledgement, the follower does not compare the card.
    """
    [agent_id] = [row[1] for row in rows_of(root / BOARD, "SELECT id, assigned_to FROM tasks") if row[0] == task_id]
    append(root / CONVERSATIONS, blocker(agent_id, task_id, now(), description))
    block_card(root, task_id, description)
    append(root / CONVERSATIONS, acknowledged(agent_id, now()))


def block_card(root: Path, task_id: str, description: str) -> None:
    """Move a card to “blocked” and store its blocker, in one transaction."""
    at = now()
    with closing(sqlite3.connect(root / BOARD)) as marcus, marcus:
        marcus.execute("UPDATE tasks SET status = 'blocked', updated_at = ? WHERE id = ?", [at, task_id])
        stored = [uuid4().hex, task_id, description, at]
        marcus.execute("INSERT INTO blockers(id, task_id, description, created_at) VALUES (?, ?, ?, ?)", stored)


def write_subtasks(root: Path, *subtasks: dict[str, Any]) -> None:
    """Write the file in which Marcus stores subtasks outside of its board."""
    path = root / "data/marcus_state/subtasks.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"subtasks": {item["id"]: item for item in subtasks}}))
