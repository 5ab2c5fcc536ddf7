"""A real Marcus with real agents: while it runs and afterwards, what stands here is what stands on its board."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.management.board_check import check_board, read_cards
from marcus_events.models import Board, Task
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.marcus.agent_requests import NO_SUCH_TASK
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.comparison import status_of
from marcus_events.sources.marcus.follower_state import Activity
from marcus_events.sources.marcus.installation import Installation
from tests.sources.following import Following
from tests.sources.installations import rows_of
from tests.sources.live.marcus import COMMAND, LiveMarcus
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.usefixtures("log"),
    pytest.mark.skipif(not COMMAND, reason="MARCUS_TEST_LIVE names no command that starts a Marcus"),
]
EVERY_S = 10
END_WITHIN_S = 120  # of the last agent, until all of it is here
WRITTEN_WITHIN = timedelta(seconds=1)  # Marcus writes the line of an act and the card at about the same time
DENIED, LOCKED = "complete current task first", "database is locked"
WHILE_LOCKED = [("stranger", "progress report"), ("rival", "blocker report"), ("rival", "completion report")]
NOWHERE = [
    ("rival", "nosuchtask", report, NO_SUCH_TASK)
    for report in ("progress report", "blocker report", "completion report")
]


@pytest.fixture(scope="module")
def marcus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveMarcus]:
    live = LiveMarcus(tmp_path_factory.mktemp("live"))
    live.start()
    try:
        yield live
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            live.stop()


def compared(root: Path) -> tuple[bool, str]:
    """Whether they are equal but for what is on its way, and what was printed."""
    catch_up(PROJECTIONS)
    lines: list[str] = []
    return check_board(root, None, lines.append), "\n".join(lines)


def is_wholly_equal(root: Path) -> bool:
    is_equal, printed = compared(root)
    return is_equal and "~ " not in printed and "!" not in printed


def statuses(root: Path) -> Counter[str]:
    return Counter(row[0] for row in rows_of(root / "data/kanban.db", "SELECT status FROM tasks"))


def ids_with(root: Path, status: str) -> list[str]:
    return [row[0] for row in rows_of(root / "data/kanban.db", f"SELECT id FROM tasks WHERE status = '{status}'")]  # noqa: S608


def finish(root: Path, *processes: subprocess.Popen[str]) -> list[str]:
    """Compare every tenth second until the agents have gone; what they printed."""
    heard = []
    for process in processes:
        while process.returncode is None:
            with suppress(subprocess.TimeoutExpired):
                heard.append(process.communicate(timeout=EVERY_S)[0])
            is_equal, printed = compared(root)
            assert is_equal, printed
        assert process.returncode == 0
    return heard


def expect_refusals(answers: dict[str, Any], *, acknowledged: list[tuple[str, str, str, str]]) -> None:
    """What Marcus refused is an event of its own, once, and moved nothing there; whatever else it said, it accepted."""
    assert answers["denied"].startswith("You already have a task")
    assert (answers["accepted"], answers["acknowledged"], answers["locked"]) == ([True] * 4, [True] * 3, [False] * 3)
    assert answers["before"] == answers["after"]
    assert refusals("task_request_refused", "holder") == [("holder", "", "request for work", DENIED)]
    told = refusals("report_refused", "rival", "stranger")
    task = answers["task"]
    assert told == sorted([(agent, task, report, LOCKED) for agent, report in WHILE_LOCKED] + acknowledged)


def refusals(event_type: str, *agents: str) -> list[tuple[str, str, str, str]]:
    """Of these agents, sorted: who, the task, what was refused, and why."""
    found = [it.data for it in read.following(0, 100_000) if it.event_type == event_type]
    names = ("agent_id", "task_id", "report", "reason")
    return sorted(tuple(data.get(name, "") for name in names) for data in found if data["agent_id"] in agents)


def test_the_board_here_equals_the_board_of_a_marcus_at_work(marcus: LiveMarcus, tmp_path: Path) -> None:
    root = marcus.root
    ids = marcus.seed()
    marcus.stop()
    marcus.start()  # it reads its subtasks at the start
    with Following(root) as following:
        shop = marcus.agents(ids["shop"], "shop", 3)
        wait_until(lambda: ids["parent"] in ids_with(root, "done"), timeout=END_WITHIN_S)
        blog = marcus.agents(ids["blog"], "blog", 2)
        wait_until(lambda: statuses(root)["done"] >= 6 and statuses(root)["blocked"], timeout=END_WITHIN_S)
        marcus.move(ids["about"], status="todo")
        marcus.move(ids_with(root, "blocked")[0], status="todo", assigned_to=None)
        [answers, *_] = finish(root, marcus.refused(ids["shop"]), shop, blog)
        expect_refusals(json.loads(answers), acknowledged=NOWHERE)
        wait_until(lambda: is_wholly_equal(root), timeout=END_WITHIN_S)
        marcus.stop()
        marcus.start()
        finish(root, marcus.agents(ids["shop"], "late", 1))
        wait_until(lambda: is_wholly_equal(root), timeout=END_WITHIN_S)
        marcus.stop()
        settled = read.head().position
        for name in ("data", "logs"):
            shutil.move(root / name, tmp_path / name)
        wait_until(lambda: following.follower.state.activity is Activity.WAITING)
        for name in ("data", "logs"):
            shutil.move(tmp_path / name, root / name)
        wait_until(lambda: following.follower.state.activity is Activity.FOLLOWING)
        assert is_wholly_equal(root)
        assert following.complaints == []
    assert read.head().position == settled
    with Following(root):
        assert read.head().position == settled
    now = Task.objects.now()
    assert now.filter(board_id=ids["shop"], parent_task_id="").count() == 42
    assert now.get(task_id=ids["parent"]).status == "done"
    assert set(now.filter(parent_task_id=ids["parent"]).values_list("status", flat=True)) == {"done"}
    told = [(event.source, event.event.event_id) for event in read.following(0, 100_000)]
    assert len(told) == len(set(told))


def test_without_the_board_nothing_untrue_is_said(marcus: LiveMarcus, tmp_path: Path) -> None:
    """Its logs alone name no project, and know nothing of what Marcus or a person did to a card without a word."""
    root, logs = marcus.root, tmp_path / "alone"
    if not (root / "data/kanban.db").is_file():  # the test above did not run
        ids = marcus.seed()
        for agents in (marcus.agents(ids["blog"], "blog", 2), marcus.refused(ids["shop"])):
            agents.communicate()
        marcus.stop()
    shutil.copytree(root / "logs", logs / "logs")
    with Following(logs):
        catch_up(PROJECTIONS)
    events = read.following(0, 100_000)
    assert {event.board_id for event in events} == {None}
    assert not Board.objects.now().exists()
    last = {event.task_id: event.happened_at for event in events if event.task_id}
    here = {task.task_id: task for task in Task.objects.now()}
    cards = {card.task_id: card for each in read_cards(Installation(root), Boards()).values() for card in each}
    assert here.keys() - cards.keys() == {"nosuchtask"}  # Marcus acknowledged it: only its board tells
    told = [
        (cards[task_id], task)
        for task_id, task in here.items()
        if task_id in cards.keys() - marcus.moved
        and (cards[task_id].changed_at or utc_now()) <= last[task_id] + WRITTEN_WITHIN
    ]
    differing = [
        (card, task) for card, task in told if (card.status, card.assignee) != (status_of(task), task.agent_id)
    ]
    assert differing == []
    assert len(told) > len(here) / 2
    [task] = {task for _, task, _, why in refusals("report_refused", "rival", "stranger") if why == LOCKED}
    expected = sorted((agent, task, report, LOCKED) for agent, report in WHILE_LOCKED)
    assert refusals("report_refused", "rival", "stranger") == expected
