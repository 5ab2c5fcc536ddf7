"""A real Marcus with real agents: while it runs and afterwards, what stands here is what stands on its board."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from marcus_events.log import read
from marcus_events.management.board_check import check_board
from marcus_events.models import Task
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.marcus.follower_state import Activity
from tests.sources.boards import move_card
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


def finish(root: Path, *processes: subprocess.Popen[str]) -> int:
    """Compare every tenth second until the agents have gone; how often that was."""
    looks = 0
    for process in processes:
        while process.returncode is None:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=EVERY_S)
            is_equal, printed = compared(root)
            assert is_equal, printed
            looks += 1
    return looks


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
        move_card(root, ids["about"], status="todo")
        move_card(root, ids_with(root, "blocked")[0], status="todo", assigned_to=None)
        finish(root, shop, blog)
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
