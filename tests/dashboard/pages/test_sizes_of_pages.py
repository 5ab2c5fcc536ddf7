"""A page is as large, and asks as often, for thousands of boards, agents, types, people and tokens as for hundreds."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.live import row_cache
from marcus_events.access import roles
from tests.dashboard.many import fill_all
from tests.dashboard.pages.people.test_people import made, signed_in
from tests.dashboard.publishing import event, publish

HUNDREDS, THOUSANDS = 400, 3_000
MOST_BYTES = 150_000
NEARLY = 1.1
PATHS = [
    *("/", "/?board=board-0007", "/boards/", "/boards/?p=3", "/boards/?q=7", "/boards/board-0007/", "/activity/"),
    *("/boards/?sort=blocked", "/boards/?sort=activity", "/boards/board-0007/?tab=dependencies"),
    *("/blocked/", "/blocked/?sort=board", "/agents/", "/history/", "/alerts/", "/integrations/"),
    *("/agents/agent_7/?board=board-0007", "/health/", "/people/", "/retention/", "/audit/"),
]
OF_MEMBER = ["/", "/boards/", "/activity/", "/blocked/", "/history/"]


def cost(client: Client, path: str) -> tuple[int, int, int]:
    """Of a page: its bytes, how many reads it is made of, and the bytes of the longest statement."""
    row_cache._cache.clear()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, f"{path}: {response.status_code}"
    reads = [query["sql"] for query in captured if is_read(query["sql"])]
    return len(response.content), len(reads), max(map(len, reads))


def is_read(sql: str) -> bool:
    return sql.lstrip().startswith(("SELECT", "WITH")) and "set_config" not in sql


def costs() -> dict[tuple[str, str], tuple[int, int, int]]:
    root, first = User.objects.get(username="root"), User.objects.get(username="person-0000")
    paths = [*PATHS, f"/people/{first.pk}/", f"/people/{root.pk}/"]
    found = {("root", path): cost(signed_in(root), path) for path in paths}
    return found | {("first", path): cost(signed_in(first), path) for path in OF_MEMBER}


@pytest.mark.usefixtures("log")
def test_no_page_grows_with_what_there_is_very_much_of() -> None:
    """Somebody who sees boards one by one has these in each statement; nobody else has."""
    made("root", roles.ADMINISTRATOR)
    publish(event("project_created", board="first"))  # the projections begin, with empty tables
    fill_all(range(HUNDREDS))
    publish(*(event("nightly_backup", board=f"board-{n:04}", task_id="t", agent_id=f"agent_{n}") for n in range(280)))
    few = costs()
    fill_all(range(HUNDREDS, THOUSANDS))
    many = costs()
    assert {place: found for place, found in many.items() if found[0] > MOST_BYTES} == {}
    grown: dict[Any, Any] = {place: (few[place], found) for place, found in many.items() if is_grown(few[place], found)}
    assert grown == {}
    assert {place: found[2] for place, found in many.items() if place[0] == "root" and found[2] > 10_000} == {}


def is_grown(few: tuple[int, int, int], many: tuple[int, int, int]) -> bool:
    return many[0] > few[0] * NEARLY or many[1] > few[1]
