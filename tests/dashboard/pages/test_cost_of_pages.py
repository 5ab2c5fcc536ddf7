"""What a page costs: as many queries for much as for little, whatever there is much of, and none of all there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.live import row_cache
from marcus_events.core.event import Event
from marcus_events.log.agent_activity import DONE_TO_IT, PROGRESS, SIGNS
from marcus_events.log.source_activity import AT_WORK, MAX_BOARDS
from tests.dashboard.publishing import event, project, publish, resolution

READS = ("SELECT", "WITH")
MOST = 45  # queries, for the page that is made of most; four are about who looks and what they may see
MOST_OF_HISTORY = 55  # four searches, each with a transaction and a deadline of its own


def queries(viewer: Client, path: str) -> int:
    """How often a table is read; to say how long that may take costs next to nothing."""
    row_cache._cache.clear()  # as a process that has just started
    with CaptureQueriesContext(connection) as captured:
        assert viewer.get(path).status_code == 200
    return sum(query["sql"].lstrip().startswith(READS) and "set_config" not in query["sql"] for query in captured)


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


PATHS = [
    *("/", "/?board=shop", "/boards/", "/boards/shop/", "/blocked/", "/blocked/?board=shop&sort=waiting"),
    *("/activity/", "/activity/?board=shop&agent=agent_1&task=shop-1", "/activity/rows/?after=0", "/integrations/"),
    *("/boards/shop/?tab=dependencies&done=0", "/boards/shop/?q=build&label=x&group=agent"),
    *("/boards/shop/?tab=timeline", "/boards/shop/?tab=knowledge", "/tasks/?board=shop&task=shop-2"),
    *("/agents/", "/agents/?board=shop&span=7d", "/agents/?sort=name", "/agents/agent_shop/?board=shop&span=7d"),
    *("/history/", "/history/?q=key&board=shop", "/find/", "/find/?q=build", "/find/?q=no key"),
    *("/health/", "/health/?board=shop"),
]
# What grows with the log. Of `hourly_rate` there are few rows, and what there was ever of each type is their sum.
GROWING = re.compile(r"Seq Scan on (event|task|blocker|agent|dependency|rate)\b")


def plan(query: str, *values: Any, without: tuple[str, ...] = ("seqscan",)) -> str:
    """How the query would be answered, `without` something unless nothing else can answer it."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in without:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        cursor.execute(f"EXPLAIN {query}", values or None)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    "path", [*PATHS, "/activity/?category=task", "/activity/?type=error", "/activity/?q=since:30d"]
)
def test_no_page_reads_a_whole_table_that_grows(viewer: Client, path: str) -> None:
    publish(*project(), resolution())
    viewer.get(path)
    with CaptureQueriesContext(connection) as captured:
        viewer.get(path)
    plans = {query["sql"]: plan(query["sql"]) for query in captured if query["sql"].startswith(("SELECT", "WITH"))}
    assert plans
    assert not {query: found for query, found in plans.items() if GROWING.search(found)}


@pytest.mark.usefixtures("log")
def test_an_agent_that_has_been_silent_for_long_is_looked_for_among_its_own_events() -> None:
    in_order = (
        "seqscan",
        "bitmapscan",
        "sort",
    )  # as among many events: read in their order, and no further than needed
    found = plan(SIGNS, DONE_TO_IT, PROGRESS, DONE_TO_IT, ["shop"], ["agent_1"], [0], without=in_order)
    assert "event_by_agent" in found
    assert "event_pkey" not in found


@pytest.mark.usefixtures("log")
def test_a_board_that_has_been_silent_for_long_is_looked_for_among_its_own_events() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{name} = off")
        cursor.execute(f"EXPLAIN {AT_WORK}", {"boards": None, "limit": MAX_BOARDS})
        found = "\n".join(line for (line,) in cursor.fetchall())
    assert "event_by_board" in found
    assert "_pkey on event" not in found


def test_no_page_asks_more_often_where_there_is_more_to_show(viewer: Client) -> None:
    small = [*project("old"), resolution("old"), event("decision_logged", task_id="shop-2", what="0"), *project()]
    [*_, blocked] = publish(*small, *effects(small[-1], range(1, 2)))
    paths = [*PATHS, f"/activity/{blocked - 1}/"]
    before = {path: queries(viewer, path) for path in paths}
    assert max(count for path, count in before.items() if not path.startswith("/history/")) <= MOST
    assert max(before.values()) <= MOST_OF_HISTORY
    publish(*more(), *effects(small[-1], range(2, 30)))
    after = {path: queries(viewer, path) for path in paths}
    grown = {path: (before[path], after[path]) for path in paths if after[path] > before[path]}
    assert not grown
