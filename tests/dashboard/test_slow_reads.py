"""While the database does not respond in time, a page shows what it can, and says what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from dashboard.live import regions
from dashboard.pages import slow_reads
from dashboard.pages.all_pages import PAGES
from dashboard.pages.chrome import CHROME
from marcus_events.log.connect import connect
from marcus_events.log.statement_timeout import QueryTimeout, statement_timeout, total_timeout
from tests.dashboard.publishing import project, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import looking

SOON_S = 0.3  # to be waited for in vain
LATE = "This is taking too long to load."


@pytest.fixture(autouse=True)
def impatient(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "READ_TIMEOUT_S", SOON_S)
    monkeypatch.setattr(slow_reads, "STATEMENT_TIMEOUT_S", SOON_S)


@contextmanager
def held_up(table: str) -> Iterator[None]:
    """Nobody can read a table meanwhile."""
    with connect("test") as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def test_a_part_that_cannot_be_read_in_time_is_left_out_and_the_others_are_there(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(*project())
    monkeypatch.setattr(regions, "READ_TIMEOUT_S", 30.0)
    assert LATE not in open_page(viewer, "/?board=shop").text
    monkeypatch.setattr(regions, "READ_TIMEOUT_S", SOON_S)
    with held_up("facet"):
        page = open_page(viewer, "/?board=shop")
        assert page.with_id("counters") == [{"id": "counters", "class": "nothing late"}]
        assert page.with_id("need-")
        assert LATE in page.text
        assert set(PAGES["now"].render(looking("now"))) == {*CHROME.regions, "verdict", "needs", "connections"}
    assert timeout() == "0"


def test_the_frame_alone_may_be_late_too(viewer: Client) -> None:
    publish(*project())
    with held_up("blocker"):
        page = open_page(viewer, "/activity/?type=task_created")
    assert page.with_id("switcher")
    assert page.positions()


@pytest.mark.parametrize("path", ["/boards/shop/", "/tasks/?board=shop&task=shop-2", "/people/", "/admin/"])
def test_a_page_of_which_nothing_can_be_read_says_so_and_what_to_do(viewer: Client, path: str) -> None:
    publish(*project())
    with held_up("board, task, auth_permission"):
        response = viewer.get(path)
    assert response.status_code == 503
    assert "taking too long" in response.content.decode()
    assert response["Retry-After"]
    assert timeout() == "0"


def test_whether_it_is_healthy_is_answered_all_the_same(viewer: Client) -> None:
    with held_up("board, task"):
        assert viewer.get("/healthz").status_code == 200


def test_all_statements_together_are_bounded_and_each_alone_too() -> None:
    with pytest.raises(QueryTimeout), total_timeout(SOON_S):
        run_for_ever("SELECT pg_sleep(0.05)")
    with statement_timeout(SOON_S):
        for _ in range(3):
            run("SELECT pg_sleep(0.15)")
    with pytest.raises(QueryTimeout), statement_timeout(SOON_S):
        run("SELECT pg_sleep(10)")
    assert timeout() == "0"


def run_for_ever(query: str) -> None:
    while True:
        run(query)


def run(query: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query)
