"""The kanban board of an installation: which tasks there are, on which board, and what they wait for.

`Boards` knows the names and places that events of every file are completed with. `BoardReader` turns the rows of
`kanban.db` into sightings, each row once.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marcus_events.core.vocabulary import EventTypes as T
from marcus_events.sources.marcus.cards import SUBTASKS, Cards, cards_of, subtask_rows
from marcus_events.sources.marcus.databases import Database, NotADatabase, Signature, stamp
from marcus_events.sources.marcus.records import Kind, Unreadable, moment, row_id
from marcus_events.sources.marcus.sightings import WINDOW, Sighting, key_of

Row = dict[str, Any]
Tables = dict[str, list[Row]]

NEEDED = {
    "projects": ("id",),
    "tasks": ("id",),
    "task_labels": ("task_id", "label"),
    "task_dependencies": ("task_id", "depends_on_id"),
    "blockers": ("id", "task_id"),
}
MARCUS_STARTS_AT = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownBoard(ValueError):
    """No project of the installation has the name that was asked for; the message lists those there are."""


@dataclass(frozen=True)
class Project:
    board_id: str
    name: str
    created_at: datetime


class Boards:
    """The boards of an installation. `chosen` names the only board there is, or selects one of several."""

    def __init__(self, chosen: str | None = None) -> None:
        self.chosen = chosen
        self._projects: dict[str, Project] = {}
        self._tasks: dict[str, tuple[str, str]] = {}  # task → project and name

    def learn_project(self, project: Project) -> None:
        self._projects[project.board_id] = project

    @property
    def projects(self) -> list[Project]:
        """Each as it is shown here, oldest first."""
        return sorted(map(self._shown, self._projects.values()), key=lambda one: (one.created_at, one.board_id))

    def knows(self, project_id: str) -> bool:
        return project_id in self._projects

    def learn_task(self, task_id: str, project_id: str, name: str) -> None:
        self._tasks[task_id] = (project_id, name)

    def task_name(self, task_id: object) -> str | None:
        return self._tasks[task_id][1] or None if isinstance(task_id, str) and task_id in self._tasks else None

    def of(self, project_id: object, task_id: object, at: datetime) -> Project | None:
        """The board of an event: that of its project or task, else the chosen one, else the newest at the time."""
        by_task = self._tasks[task_id][0] if isinstance(task_id, str) and task_id in self._tasks else None
        for named in (project_id, by_task):
            if isinstance(named, str) and named in self._projects:
                return self._shown(self._projects[named])
        return self._without_task(at)

    def _without_task(self, at: datetime) -> Project | None:
        in_order = sorted(self._projects.values(), key=lambda project: (project.created_at, project.board_id))
        if not in_order:
            return Project(self.chosen, self.chosen, MARCUS_STARTS_AT) if self.chosen else None
        for project in in_order:
            if project.name == self.chosen:
                return project
        newest = bisect_right(in_order, at, key=lambda project: project.created_at)
        return self._shown(in_order[max(newest - 1, 0)])

    def renamed(self) -> Project | None:
        """The only project under the chosen name, where that is not its own."""
        if len(self._projects) != 1 or not self.chosen:
            return None
        (project,) = self._projects.values()
        return self._shown(project) if project.name != self.chosen else None

    def _shown(self, project: Project) -> Project:
        is_named = self.chosen is not None and len(self._projects) == 1
        return Project(project.board_id, self.chosen or "", project.created_at) if is_named else project

    def check_choice(self) -> None:
        """Raises UnknownBoard when one of several projects was asked for and none has the name."""
        names = [project.name for project in self._projects.values()]
        if self.chosen and len(names) > 1 and self.chosen not in names:
            listed = ", ".join(f"“{name}”" for name in sorted(set(names)))
            raise UnknownBoard(f"There is no board “{self.chosen}” here; there are {listed}.")


class BoardReader:
    """The rows of `kanban.db` as sightings; each once, however often the tables are read.

    `cards` is the board as it was when it was last read; there are none while it is not there.
    """

    def __init__(self, boards: Boards, name: str) -> None:
        self.boards, self.name = boards, name
        self.cards: Cards = {}
        self._told: set[str] = set()
        self._subtasks: Signature = ()

    def read(self, database: Database) -> list[Sighting | Unreadable]:
        """What is new on the board, in order of time. Raises Busy, NotADatabase."""
        if not database.is_there():
            self.cards, self._subtasks = {}, ("gone",)  # should the same file come back, it is read again
            return []
        subtasks = stamp(database.path.parent / SUBTASKS)
        if not database.changed() and subtasks == self._subtasks:
            return []
        signature = database.signature()
        tables = checked(database.read(read_tables))
        tables["tasks"] += subtask_rows(database.path, tables["tasks"])
        self._learn(tables)
        fresh = [item for item in self._items(tables) if self._is_new(item)]
        self.cards = cards_of(tables["tasks"], tables["blockers"])
        database.done(signature)
        self._subtasks = subtasks
        return sorted(fresh, key=lambda item: item.at if isinstance(item, Sighting) else MARCUS_STARTS_AT)

    def _learn(self, tables: Tables) -> None:
        for row in tables["projects"]:
            created_at = moment(row.get("created_at")) or MARCUS_STARTS_AT
            self.boards.learn_project(Project(row["id"], str(row.get("name") or row["id"]), created_at))
        for row in tables["tasks"]:
            self.boards.learn_task(row["id"], str(row.get("project_id") or ""), str(row.get("name") or ""))
        self.boards.check_choice()

    def _is_new(self, item: Sighting | Unreadable) -> bool:
        name = item.record_id if isinstance(item, Sighting) else item.where
        if name in self._told:
            return False
        self._told.add(name)
        return True

    def _items(self, tables: Tables) -> Iterator[Sighting | Unreadable]:
        labels, waits = grouped(tables["task_labels"], "label"), grouped(tables["task_dependencies"], "depends_on_id")
        for row in tables["projects"]:
            yield self._sighting(T.PROJECT_CREATED, row, project_data(row))
        if renamed := self.boards.renamed():
            data = {"project_id": renamed.board_id, "project_name": renamed.name}
            yield self._sighting(T.PROJECT_UPDATED, tables["projects"][0], data, renamed.name)
        for row in tables["tasks"]:
            lists = {"labels": labels.get(row["id"], []), "depends_on": waits.get(row["id"], [])}
            yield self._sighting(T.TASK_CREATED, row, task_data(row) | lists)
            for depends_on_id in lists["depends_on"]:
                yield self._dependency(row, depends_on_id)
        for row in tables["blockers"]:
            yield self._sighting(T.TASK_BLOCKED, row, pick(row, "task_id", "description", "severity"))

    def _dependency(self, task: Row, depends_on_id: str) -> Sighting | Unreadable:
        names = {"task_name": task.get("name"), "depends_on_name": self.boards.task_name(depends_on_id)}
        data = {"task_id": task["id"], "depends_on_id": depends_on_id} | {k: v for k, v in names.items() if v}
        return self._sighting(T.DEPENDENCY_DETECTED, task, data, depends_on_id)

    def _sighting(self, act: str, row: Row, data: dict[str, Any], *more: str) -> Sighting | Unreadable:
        where = f"{self.name}: {act} {row['id']}"
        if (at := moment(row.get("created_at"))) is None:
            return Unreadable(where, "has no time of creation")
        return Sighting(
            record_id=row_id(act, row["id"], *more),
            kind=Kind.BOARD,
            at=at,
            act=act,
            key=key_of(act, data),
            channel=f"BOARD {act}",
            reach=WINDOW,
            original_type=act,
            original_source="",
            data=data,
            where=where,
            unique=act != T.TASK_BLOCKED,
        )


def read_tables(connection: sqlite3.Connection) -> Tables:
    """All of the board's tables; one that this version of Marcus does not have is empty."""
    there = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 - our names
        if table in there
        else []
        for table in NEEDED
    }


def checked(tables: Tables) -> Tables:
    """Raises NotADatabase where the tables are not those of a board."""
    for table, columns in NEEDED.items():
        if any(not isinstance(row.get(column), str) for row in tables[table] for column in columns):
            raise NotADatabase(f"has no usable {' and '.join(columns)} in its table {table}")
    return tables


def project_data(row: Row) -> dict[str, Any]:
    return {"project_id": row["id"], "project_name": row.get("name")} | pick(row, "description")


def task_data(row: Row) -> dict[str, Any]:
    named = {"task_id": row["id"], "task_name": row.get("name"), "is_subtask": bool(row.get("is_subtask"))}
    return named | pick(row, "description", "priority", "estimated_hours", "project_id", "parent_task_id", "due_date")


def pick(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def grouped(rows: list[Row], column: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["task_id"], []).append(row[column])
    return found
