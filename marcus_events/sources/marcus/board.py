"""Reads the kanban board of an installation: its projects, tasks and dependencies.

`Boards` assigns events of all files to boards. `BoardReader` converts the rows of `kanban.db` to sightings.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.cards import SUBTASKS, Cards, cards_of, subtask_rows
from marcus_events.sources.marcus.records import ParseTime, RecordKind, Unreadable, parse_utc, row_id
from marcus_events.sources.marcus.sightings import Sighting, channel_of, key_of, reach_of
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, Signature, file_signature

SqliteRow = dict[str, Any]
Tables = dict[str, list[SqliteRow]]

REQUIRED_COLUMNS = {
    "projects": ("id",),
    "tasks": ("id",),
    "task_labels": ("task_id", "label"),
    "task_dependencies": ("task_id", "depends_on_id"),
    "blockers": ("id", "task_id"),
}
SUBTASK = "_sub_"  # a subtask's id is its task's id, this, and a number
MAIN_BOARD = " - Main Board"  # suffix of a project's name in Marcus's own list
UNKNOWN_CREATED_AT = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownBoard(ValueError):
    """No project of the installation has the requested name; the message lists the existing ones."""


@dataclass(frozen=True)
class MarcusProject:
    board_id: str
    name: str
    created_at: datetime


class Boards:
    """The boards of an installation. `chosen` renames the only board, or selects one of several.

    An event belongs to its task's board in `kanban.db`; else to the project that its record names; else to the one that
    earlier records named for its task or its agent. An event that names none of them belongs to the only project, or to
    no board: boards are also access rights, so nothing is guessed.
    """

    def __init__(self, chosen: str | None = None) -> None:
        self.chosen = chosen
        self._projects: dict[str, MarcusProject] = {}
        self._tasks: dict[str, tuple[str, str]] = {}  # task → project and name, from `kanban.db`
        self._tasks_named: dict[str, str] = {}  # task → project, from other records
        self._agents: dict[str, str] = {}  # agent → project
        self._assigned_tasks: set[str] = set()  # tasks that Marcus has assigned, on any board

    def learn_project(self, project: MarcusProject) -> None:
        self._projects[project.board_id] = project

    @property
    def projects(self) -> list[MarcusProject]:
        """The projects under the names shown here, oldest first."""
        return sorted(
            map(self._with_chosen_name, self._projects.values()), key=lambda one: (one.created_at, one.board_id)
        )

    def has_project(self, project_id: str) -> bool:
        return project_id in self._projects

    def learn_task(self, task_id: str, project_id: str, name: str) -> None:
        self._tasks[task_id] = (project_id, name)

    def learn_from(self, act: str, data: Mapping[str, Any], at: datetime) -> None:
        """Learn projects, tasks and agents from a record, for boards outside `kanban.db`. Raises UnknownBoard."""
        if act == T.TASK_ASSIGNED:
            self._assigned_tasks.add(id_text(data.get("task_id")))
        if "project_id" not in data and "project_name" not in data:
            return
        project_id, name = self._identify(data), id_text(data.get("project_name"))
        if not project_id:
            return
        if not self.has_project(project_id) or (name and self._projects[project_id].name == project_id):
            self.learn_project(MarcusProject(project_id, name or project_id, at))
            if act == T.PROJECT_CREATED:
                self.check_choice()
        if task_id := id_text(data.get("task_id")):
            self._tasks_named.setdefault(task_id, project_id)
        if act == T.AGENT_REGISTERED and (agent_id := id_text(data.get("agent_id"))):
            self._agents[agent_id] = project_id

    def task_name(self, task_id: object) -> str | None:
        return self._tasks[task_id][1] or None if isinstance(task_id, str) and task_id in self._tasks else None

    def has_no_task(self, task_id: str) -> bool:
        """Return whether the task cannot exist: `kanban.db` has tasks but not this one, and Marcus never assigned
        it.
        """
        is_known = task_id in self._tasks or task_id.rpartition(SUBTASK)[0] in self._tasks
        return bool(task_id and self._tasks) and not is_known and task_id not in self._assigned_tasks

    def of(self, data: Mapping[str, Any]) -> MarcusProject | None:
        """Return the board of an event with these fields."""
        task_id, agent_id = id_text(data.get("task_id")), id_text(data.get("agent_id"))
        found = (
            self._on_board(task_id)
            or self._identify(data)
            or self._tasks_named.get(task_id)
            or ("" if task_id else self._agents.get(agent_id))
        )
        if found:
            return self._with_chosen_name(self._projects.get(found) or MarcusProject(found, found, UNKNOWN_CREATED_AT))
        names_another = bool(id_text(data.get("project_name")))
        return None if names_another else self._default_project()

    def _on_board(self, task_id: str) -> str:
        """Return the project of a task in `kanban.db`; for a subtask stored elsewhere, its parent's."""
        parent_id = task_id.rpartition(SUBTASK)[0]
        found = next((self._tasks[it][0] for it in (task_id, parent_id) if it in self._tasks), "")
        return found if found in self._projects else ""

    def _identify(self, data: Mapping[str, Any]) -> str:
        """Return the project that a record names by its id or, where Marcus has another id for its board, by its
        name.
        """
        project_id, name = id_text(data.get("project_id")), id_text(data.get("project_name"))
        if project_id in self._projects:
            return project_id
        if not name:
            return project_id
        names = {name, name.removesuffix(MAIN_BOARD)} - {""}
        same = [known.board_id for known in self._projects.values() if known.name in names]
        return same[0] if len(same) == 1 else project_id

    def _default_project(self) -> MarcusProject | None:
        if not self._projects:
            return MarcusProject(self.chosen, self.chosen, UNKNOWN_CREATED_AT) if self.chosen else None
        if len(self._projects) == 1:
            return self._with_chosen_name(next(iter(self._projects.values())))
        return next((project for project in self._projects.values() if project.name == self.chosen), None)

    def renamed_project(self) -> MarcusProject | None:
        """Return the only project under the chosen name, if that is not its own."""
        if len(self._projects) != 1 or not self.chosen:
            return None
        (project,) = self._projects.values()
        return self._with_chosen_name(project) if project.name != self.chosen else None

    def _with_chosen_name(self, project: MarcusProject) -> MarcusProject:
        is_named = self.chosen is not None and len(self._projects) == 1
        return MarcusProject(project.board_id, self.chosen or "", project.created_at) if is_named else project

    def check_choice(self) -> None:
        """Raise UnknownBoard if none of several projects has the chosen name."""
        names = [project.name for project in self._projects.values()]
        if self.chosen and len(names) > 1 and self.chosen not in names:
            listed = ", ".join(f"“{name}”" for name in sorted(set(names)))
            raise UnknownBoard(f"There is no board “{self.chosen}”. Boards: {listed}.")


class BoardReader:
    """Converts the rows of `kanban.db` to sightings, each row once. `cards` is the board as last read."""

    def __init__(self, boards: Boards, name: str) -> None:
        self.boards, self.name = boards, name
        self.times: ParseTime = parse_utc
        self.cards: Cards = {}
        self._seen: set[str] = set()
        self._subtasks: Signature = ()

    def read(self, database: Database) -> list[Sighting | Unreadable]:
        """Return what is new on the board, in order of time. Raises SqliteBusy, NotADatabase."""
        if not database.exists():
            self.cards, self._subtasks = {}, ("gone",)  # so that a restored file is read again
            return []
        subtasks = file_signature(database.path.parent / SUBTASKS)
        if not database.has_changed() and subtasks == self._subtasks:
            return []
        signature = database.signature()
        tables = validate_tables(database.read(read_tables))
        tables["tasks"] += subtask_rows(database.path, tables["tasks"])
        self._learn(tables)
        fresh = [item for item in self._items(tables) if self._is_new(item)]
        self.cards = cards_of(tables["tasks"], tables["blockers"], self.times)
        database.mark_read(signature)
        self._subtasks = subtasks
        return sorted(fresh, key=lambda item: item.at if isinstance(item, Sighting) else UNKNOWN_CREATED_AT)

    def _learn(self, tables: Tables) -> None:
        for row in tables["projects"]:
            created_at = self.times(row.get("created_at")) or UNKNOWN_CREATED_AT
            self.boards.learn_project(MarcusProject(row["id"], str(row.get("name") or row["id"]), created_at))
        projects = {row["id"]: row.get("project_id") for row in tables["tasks"]}
        for row in tables["tasks"]:
            project_id = row.get("project_id") or projects.get(row.get("parent_task_id"))
            self.boards.learn_task(row["id"], str(project_id or ""), str(row.get("name") or ""))
        self.boards.check_choice()

    def _is_new(self, item: Sighting | Unreadable) -> bool:
        name = item.record_id if isinstance(item, Sighting) else item.where
        if name in self._seen:
            return False
        self._seen.add(name)
        return True

    def _items(self, tables: Tables) -> Iterator[Sighting | Unreadable]:
        labels, waits = (
            group_by_task(tables["task_labels"], "label"),
            group_by_task(tables["task_dependencies"], "depends_on_id"),
        )
        for row in tables["projects"]:
            yield self._sighting(T.PROJECT_CREATED, row, project_data(row))
        if renamed_project := self.boards.renamed_project():
            data = {"project_id": renamed_project.board_id, "project_name": renamed_project.name}
            yield self._sighting(T.PROJECT_UPDATED, tables["projects"][0], data, renamed_project.name)
        for row in tables["tasks"]:
            lists = {"labels": labels.get(row["id"], []), "depends_on": waits.get(row["id"], [])}
            yield self._sighting(T.TASK_CREATED, row, task_data(row) | lists)
            for depends_on_id in lists["depends_on"]:
                yield self._dependency(row, depends_on_id)
        for row in tables["blockers"]:
            yield self._sighting(T.TASK_BLOCKED, row, pick(row, "task_id", "description", "severity"))

    def _dependency(self, task: SqliteRow, depends_on_id: str) -> Sighting | Unreadable:
        names = {"task_name": task.get("name"), "depends_on_name": self.boards.task_name(depends_on_id)}
        data = {"task_id": task["id"], "depends_on_id": depends_on_id} | {k: v for k, v in names.items() if v}
        return self._sighting(T.DEPENDENCY_DETECTED, task, data, depends_on_id)

    def _sighting(self, act: str, row: SqliteRow, data: dict[str, Any], *more: str) -> Sighting | Unreadable:
        where = f"{self.name}: {act} {row['id']}"
        if (at := self.times(row.get("created_at"))) is None:
            return Unreadable(where, "has no creation time")
        return Sighting(
            record_id=row_id(act, row["id"], *more),
            kind=RecordKind.BOARD,
            at=at,
            act=act,
            key=key_of(act, data),
            channel=channel_of(RecordKind.BOARD, act),
            reach=reach_of(act),
            original_type=act,
            original_source="",
            data=data,
            where=where,
            unique=act != T.TASK_BLOCKED,
        )


def read_tables(connection: sqlite3.Connection) -> Tables:
    """Read all tables of the board; a table that this version of Marcus lacks is empty."""
    there = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 - our names
        if table in there
        else []
        for table in REQUIRED_COLUMNS
    }


def validate_tables(tables: Tables) -> Tables:
    """Raise NotADatabase if the tables are not those of a board."""
    for table, columns in REQUIRED_COLUMNS.items():
        if any(not isinstance(row.get(column), str) for row in tables[table] for column in columns):
            raise NotADatabase(f"has no usable {' and '.join(columns)} in its table {table}")
    return tables


def id_text(value: object) -> str:
    """Return the id or name in a field, or "". Boards other than SQLite's have numeric ids."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "" if text == "unknown" else text


def project_data(row: SqliteRow) -> dict[str, Any]:
    return {"project_id": row["id"], "project_name": row.get("name")} | pick(row, "description")


def task_data(row: SqliteRow) -> dict[str, Any]:
    named = {"task_id": row["id"], "task_name": row.get("name"), "is_subtask": bool(row.get("is_subtask"))}
    return named | pick(row, "description", "priority", "estimated_hours", "project_id", "parent_task_id", "due_date")


def pick(row: SqliteRow, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def group_by_task(rows: list[SqliteRow], column: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["task_id"], []).append(row[column])
    return found
