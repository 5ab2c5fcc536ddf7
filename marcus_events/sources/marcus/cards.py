"""The cards of Marcus's board as they are now: status, assignee, parent and open blockers of each task."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marcus_events.core.sentences import short
from marcus_events.sources.marcus.records import ParseTime, parse_utc
from marcus_events.sources.marcus.sqlite_files import SqliteBusy, modified_at

CardRow = dict[str, Any]

# Beside kanban.db: subtasks that Marcus does not store on its board.
SUBTASKS = Path("marcus_state") / "subtasks.json"
STATUSES = {
    "todo": "todo",
    "backlog": "todo",
    "ready": "todo",
    "in_progress": "in_progress",
    "in progress": "in_progress",
    "assigned": "in_progress",
    "blocked": "blocked",
    "on hold": "blocked",
    "done": "done",
    "completed": "done",
}


@dataclass(frozen=True)
class MarcusCard:
    """`status` is "" for an unknown word; `stated` is the board's own word.

    `blockers` are descriptions and times of the unresolved blockers, newest last.
    """

    task_id: str
    project_id: str
    name: str
    stated: str
    assignee: str
    parent_task_id: str
    created_at: datetime | None
    changed_at: datetime | None
    completed_at: datetime | None
    blockers: tuple[tuple[str, datetime | None], ...] = ()

    @property
    def status(self) -> str:
        return STATUSES.get(self.stated.strip().lower(), "")


Cards = dict[str, MarcusCard]


def cards_of(tasks: list[CardRow], blockers: list[CardRow], times: ParseTime = parse_utc) -> Cards:
    """Build cards by task id from the rows of the tables `tasks` and `blockers`."""
    unresolved: dict[str, list[tuple[str, datetime | None]]] = defaultdict(list)
    for row in blockers:
        if not row.get("resolved"):
            unresolved[row["task_id"]].append((str(row.get("description") or ""), times(row.get("created_at"))))
    return {row["id"]: card_of(row, tuple(unresolved[row["id"]]), times) for row in tasks}


def card_of(row: CardRow, blockers: tuple[tuple[str, datetime | None], ...], times: ParseTime) -> MarcusCard:
    return MarcusCard(
        task_id=row["id"],
        project_id=str(row.get("project_id") or ""),
        name=short(str(row.get("name") or "")),
        stated=str(row.get("status") or "todo"),
        assignee=str(row.get("assigned_to") or ""),
        parent_task_id=str(row.get("parent_task_id") or ""),
        created_at=times(row.get("created_at")),
        changed_at=times(row.get("updated_at")) or times(row.get("created_at")),
        completed_at=times(row.get("completed_at")),
        blockers=blockers,
    )


def subtask_rows(board: Path, tasks: list[CardRow]) -> list[CardRow]:
    """Return the subtasks in Marcus's file that are missing on the board but whose parents are there, as rows of
    `tasks`.

    Raises SqliteBusy while the file is being written.
    """
    try:
        path = board.parent / SUBTASKS
        state, written_at = json.loads(path.read_bytes()), datetime.fromtimestamp(modified_at(path), UTC)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise SqliteBusy(f"{SUBTASKS.name} cannot be read just now: {error}") from error
    on_board = {row["id"]: row for row in tasks}
    stated = state.get("subtasks") if isinstance(state, dict) else None
    found = stated.values() if isinstance(stated, dict) else []
    return [
        subtask_row(item, on_board[item["parent_task_id"]], written_at)
        for item in found
        if isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and item["id"] not in on_board
        and item.get("parent_task_id") in on_board
    ]


def subtask_row(item: CardRow, parent: CardRow, written_at: datetime) -> CardRow:
    """Build a row. Marcus stores no time of change, so the file's modification time stands for it."""
    named = ("id", "name", "description", "status", "priority", "assigned_to", "created_at", "estimated_hours")
    row = {name: item.get(name) for name in named}
    row["updated_at"] = written_at.isoformat()
    return row | {"project_id": parent.get("project_id"), "parent_task_id": parent["id"], "is_subtask": 1}
