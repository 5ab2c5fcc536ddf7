"""What a page costs: as many queries for much as for little, whatever there is much of."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard import fragments
from marcus_events.core.event import Event
from tests.dashboard.publishing import event, project, publish, resolution

MOST = 40  # queries, for the page that is made of most


def queries(viewer: Client, path: str) -> int:
    fragments._kept.clear()  # as a process that has just started
    with CaptureQueriesContext(connection) as captured:
        assert viewer.get(path).status_code == 200
    return len(captured)


def effects(cause: Event, numbers: range) -> list[Event]:
    told = {"causation_id": cause.event_id, "correlation_id": cause.event_id}
    return [event("task_progress", task_id=f"shop-{n}", agent_id=f"agent_{n}", metadata=told) for n in numbers]


def more() -> list[Event]:
    """More boards, and on the first one more tasks, blockers, agents and events."""
    numbers = range(5, 25)
    return [
        *(told for board in ("bank", "post", "café") for told in project(board)),
        *(event("task_created", task_id=f"shop-{n}", depends_on=[f"shop-{n - 1}"]) for n in numbers),
        *(event("task_blocked", task_id=f"shop-{n}", agent_id=f"agent_{n}", description="No key") for n in numbers),
        *(event("blocker_resolved", task_id=f"shop-{n}") for n in numbers if n % 2),
        *(event("task_created", task_id=f"needs-{n}", depends_on=["shop-2"]) for n in numbers),
        *(event("decision_logged", task_id="shop-2", what=f"{n}") for n in numbers),
    ]


def test_no_page_asks_more_often_where_there_is_more_to_show(viewer: Client) -> None:
    small = [*project("old"), resolution("old"), *project()]
    [*_, blocked] = publish(*small, *effects(small[-1], range(1, 2)))
    paths = [
        *("/", "/?board=shop", "/boards/", "/boards/shop/", "/blocked/", "/blocked/?board=shop&sort=waiting"),
        *("/activity/", "/activity/?board=shop&agent=agent_1&task=shop-1", "/activity/rows/?after=0", "/integrations/"),
        *("/boards/shop/?done=0", "/tasks/?board=shop&task=shop-2"),
        *("/agents/", "/agents/?board=shop&span=7d"),
        f"/activity/{blocked - 1}/",
    ]
    before = {path: queries(viewer, path) for path in paths}
    assert max(before.values()) <= MOST
    publish(*more(), *effects(small[-1], range(2, 30)))
    after = {path: queries(viewer, path) for path in paths}
    grown = {path: (before[path], after[path]) for path in paths if after[path] > before[path]}
    assert not grown
