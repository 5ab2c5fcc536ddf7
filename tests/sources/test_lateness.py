"""What Marcus said before a task was done or blocked, and what is read only afterwards, moves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import Event, utc_now
from marcus_events.log import read
from marcus_events.log.task_endings import Rest
from marcus_events.models import Task
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.marcus.lateness import TaskEndings, mark_late_events
from tests.sources.following import Following, News, line
from tests.sources.installations import REALTIME, append, copy_run

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TASK = "30e349b3032e4f80aa8f6d1cc32a5a3e"  # Design auth schema


def said(event_type: str, at: int, **data: Any) -> Event:
    return Event("e", START + timedelta(seconds=at), event_type, "marcus", {"task_id": "t1"} | data, {"board_id": "b"})


def marks(events: list[Event], rests: TaskEndings) -> list[bool]:
    return ["out_of_order" in (event.metadata or {}) for event in mark_late_events(events, lambda _: dict(rests))]


@pytest.mark.parametrize(
    ("event_type", "data", "after_done", "after_blocked"),
    [
        ("task_assigned", {}, True, True),
        ("task_started", {}, True, True),
        ("task_progress", {"progress": 10}, True, True),
        ("task_completed", {}, True, True),
        ("task_blocked", {"description": "Another one"}, True, False),
        ("decision_logged", {}, False, False),
        ("blocker_resolved", {}, False, False),
    ],
)
def test_what_is_late_depends_on_how_the_task_came_to_rest(
    event_type: str, data: dict[str, Any], after_done: bool, after_blocked: bool
) -> None:
    at = START + timedelta(seconds=10)
    for rest, is_late in ((Rest(at, at), after_done), (Rest(None, at), after_blocked), (Rest(), False)):
        assert marks([said(event_type, 9, **data)], {("b", "t1"): rest}) == [is_late]
        assert marks([said(event_type, 10, **data)], {("b", "t1"): rest}) == [False]
        assert marks([said(event_type, 9, **data)], {("other", "t1"): rest}) == [False]


def test_events_that_are_published_together_are_compared_too() -> None:
    done = said("task_progress", 20, status="completed")
    assert marks([said("task_started", 5), done, said("task_progress", 19), said("task_started", 21)], {}) == [
        *(False, False, True, False)
    ]


@pytest.fixture
def root(tmp_path: Path, log: None) -> Path:
    return copy_run(tmp_path / "marcus")


def status() -> str:
    catch_up(PROJECTIONS)
    found: str = Task.objects.now().get(task_id=TASK).status
    return found


def progress(at: datetime, **fields: Any) -> dict[str, Any]:
    who = {"task_id": TASK, "agent_id": "agent_claude_3"}
    return line("task_progress", **who, **fields) | {"timestamp": at.isoformat()}


@pytest.mark.usefixtures("unreconciled")
def test_a_report_that_is_read_after_the_end_of_its_task_does_not_reopen_it(following: Following, root: Path) -> None:
    news, now = News(), utc_now()
    done = line("task_completed", task_id=TASK, agent_id="agent_claude_3") | {"timestamp": now.isoformat()}
    append(root / REALTIME, done)
    assert news.types(1) == ["task_completed"]
    append(root / REALTIME.replace("realtime_", "realtime_2"), progress(now - timedelta(seconds=1), progress=50))
    [late] = news.wait(1)
    assert late.metadata["out_of_order"] is True
    assert status() == "done"
    append(root / REALTIME, progress(now + timedelta(seconds=1), progress=10))
    [reopens] = news.wait(1)
    assert "out_of_order" not in reopens.metadata
    assert status() == "in_progress"


def test_another_follower_knows_what_is_late_from_the_log(root: Path) -> None:
    with Following(root):
        before = read.head().position
    ended = max(event.timestamp for event in read.following(0, before) if event.task_id == TASK)
    append(root / REALTIME.replace("realtime_", "realtime_2"), progress(ended - timedelta(seconds=30), progress=31))
    with Following(root):
        [late] = read.following(before, 10)
    assert late.metadata["out_of_order"] is True
    assert status() == "done"
