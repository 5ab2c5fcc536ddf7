"""On which board a record lands: where its task stands, else where it says, else on the only board or on none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import Event
from tests.sources import conversing as say
from tests.sources.conversing import START, Line, at
from tests.sources.installations import CONVERSATIONS, REALTIME, Session, append

A, B = "agent_1", "agent_2"
SHOP, BANK = "p_shop", "p_bank"
LATER = START + timedelta(hours=1)
TABLES = """
CREATE TABLE projects (id TEXT, name TEXT, created_at TEXT);
CREATE TABLE tasks (id TEXT, name TEXT, project_id TEXT, parent_task_id TEXT, is_subtask INTEGER, created_at TEXT);
CREATE TABLE task_labels (task_id TEXT, label TEXT);
CREATE TABLE task_dependencies (task_id TEXT, depends_on_id TEXT);
CREATE TABLE blockers (id TEXT, task_id TEXT, description TEXT, severity TEXT, created_at TEXT);
"""
PROJECTS = ((SHOP, "Shop"), (BANK, "Bank"))
TASKS = (("t_shop", SHOP, None), ("t_bank", BANK, None), ("t_part", None, "t_bank"))


def installation(root: Path, projects: int = 2) -> Path:
    (root / "data").mkdir(parents=True)
    with closing(sqlite3.connect(root / "data/kanban.db")) as board, board:
        board.executescript(TABLES)
        for n, project in enumerate(PROJECTS[:projects]):
            board.execute("INSERT INTO projects VALUES (?, ?, ?)", (*project, at(-100 + n)))
        for task_id, project_id, parent_id in TASKS if projects == len(PROJECTS) else ():
            row = (task_id, f"Task {task_id}", project_id, parent_id, bool(parent_id), at(-50))
            board.execute("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?)", row)
    return root


def told(root: Path, *lines: Line, board: str | None = None) -> dict[str, str | None]:
    """The board of each event that the lines make; the events of the tables are left out."""
    append(root / CONVERSATIONS, *lines)
    return {event.event_id: board_of(event) for event in events(root, board) if event.timestamp >= START}


def events(root: Path, board: str | None = None) -> list[Event]:
    return Session(root, board).scan(now=LATER)


def board_of(event: Event) -> str | None:
    return (event.metadata or {}).get("board_id")


def blocker(task_id: str, **names: str) -> list[Line]:
    return [say.blocker(A, task_id, at(0), "Which format?", **names), say.acknowledged(A, at(1))]


@pytest.mark.parametrize("board", [SHOP, BANK])
def test_a_record_that_names_a_project_lands_on_its_board(tmp_path: Path, board: str) -> None:
    lines = [
        *(say.registration(A, at(0), project_id=board), say.welcome(A, at(1))),
        *(say.request(A, at(2), project_id=board, project_name="Any"), say.none_suitable(A, at(3))),
        *blocker("t_elsewhere", project_id=board),
    ]
    assert list(told(installation(tmp_path / "marcus"), *lines).values()) == [board] * 3


@pytest.mark.parametrize(
    ("task_id", "board"), [("t_shop", SHOP), ("t_bank", BANK), ("t_part", BANK), ("t_shop_sub_2", SHOP)]
)
def test_a_record_of_a_task_lands_on_the_board_of_the_task(tmp_path: Path, task_id: str, board: str) -> None:
    assert list(told(installation(tmp_path / "marcus"), *blocker(task_id)).values()) == [board] * 2


def test_a_task_is_on_the_board_that_holds_it_even_where_marcus_was_busy_with_another_project(tmp_path: Path) -> None:
    """Marcus names the project that is active in the whole server, whichever agent speaks."""
    root = installation(tmp_path / "marcus")
    append(root / CONVERSATIONS, *blocker("t_shop", project_id=BANK, project_name="Bank"))
    found = [event for event in events(root) if event.timestamp >= START]
    assert [board_of(event) for event in found] == [SHOP, SHOP]
    assert all(BANK not in str(event.to_dict()) for event in found)  # the other board's people alone may know of it


def test_what_names_neither_project_nor_task_is_on_no_board_where_there_are_several(tmp_path: Path) -> None:
    root = installation(tmp_path / "marcus")
    lines = [
        *(say.registration(A, at(0)), say.welcome(A, at(1))),
        *(say.request(A, at(2)), say.none_suitable(A, at(3))),
    ]
    assert list(told(root, *lines).values()) == [None, None]
    session = Session(root)
    session.scan(now=LATER)
    assert session.translator.on_no_board == {"agent_registered": 1, "task_requested": 1}


def test_what_names_neither_is_on_the_only_board_there_is(tmp_path: Path) -> None:
    root = installation(tmp_path / "marcus", projects=1)
    assert list(told(root, say.request(A, at(2)), say.none_suitable(A, at(3))).values()) == [SHOP]


def test_of_several_the_one_that_was_chosen_gets_what_names_neither(tmp_path: Path) -> None:
    root = installation(tmp_path / "marcus")
    assert list(told(root, say.request(A, at(2)), say.none_suitable(A, at(3)), board="Shop").values()) == [SHOP]


def test_an_agent_belongs_to_the_project_that_it_registered_for(tmp_path: Path) -> None:
    root = installation(tmp_path / "marcus")
    lines = [
        *(say.registration(A, at(0), project_id=SHOP), say.welcome(A, at(1))),
        *(say.registration(B, at(2), project_id=BANK), say.welcome(B, at(3))),
        *(say.request(A, at(4)), say.none_suitable(A, at(5)), say.request(B, at(6)), say.none_suitable(B, at(7))),
    ]
    assert list(told(root, *lines).values()) == [SHOP, BANK, SHOP, BANK]


@pytest.mark.parametrize("name", ["Bank", "Bank - Main Board"])
def test_a_project_that_marcus_lists_under_another_id_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    root = installation(tmp_path / "marcus")
    assert list(told(root, *blocker("t_new", project_id="registry_7", project_name=name)).values()) == [BANK]


def test_without_a_board_file_records_land_where_they_say(tmp_path: Path) -> None:
    shop: dict[str, Any] = {"project_id": SHOP, "project_name": "Shop"}
    bank: dict[str, Any] = {"project_id": 4711, "project_name": "Bank"}
    append(
        tmp_path / CONVERSATIONS,
        *(say.registration(A, at(0), **shop), say.welcome(A, at(1))),
        *(say.request(B, at(2), **bank), say.none_suitable(B, at(3))),
        *(say.progress(A, "t1", at(4), **shop), say.received(A, at(5))),
        *(say.progress(B, "t1", at(6), 70, **bank), say.received(B, at(7), 70)),
        *(say.progress(B, "t2", at(8), 71, **bank), say.received(B, at(9), 71)),
        *(say.request(B, at(10)), say.none_suitable(B, at(11))),
    )
    append(tmp_path / REALTIME, {"timestamp": at(12), "type": "task_assignment", "agent_id": A, "task_id": "t2"})
    found = events(tmp_path)
    assert [board_of(event) for event in found] == [SHOP, "4711", SHOP, "4711", "4711", None, "4711"]
    assert {(event.metadata or {}).get("board_name") for event in found} == {"Shop", "Bank", None}


def test_without_a_board_file_the_only_project_that_was_named_is_the_board(tmp_path: Path) -> None:
    bank = {"project_id": BANK, "project_name": "Bank"}
    lines = [
        say.request(A, at(0), **bank),
        say.none_suitable(A, at(1)),
        say.request(A, at(2)),
        say.none_suitable(A, at(3)),
    ]
    assert list(told(tmp_path, *lines).values()) == [BANK, BANK]


def test_a_name_that_no_project_has_is_no_guess_either(tmp_path: Path) -> None:
    root = installation(tmp_path / "marcus", projects=1)
    append(root / REALTIME, {"timestamp": at(0), "type": "mcp_tool_call_start", "project_name": "Next"})
    assert list(told(root).values()) == [None]
