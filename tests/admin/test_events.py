"""The list of events never counts or walks the log; no event is lost between its pages; what is hostile is text."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marcus_events.admin.event_list import EventList
from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.log.positions_by_time import position_at
from tests.audit.reading import behind_the_back
from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page

EVENTS = "/admin/marcus_events/loggedevent/"
PAGE = 50
OF_THE_LOG = re.compile(r'\b(FROM|JOIN) "?event"?\b')
COUNTED = re.compile(
    r'count\(\*\)(?! OVER)|count\("?event|\b(min|max)\("?(timestamp|recorded_at|position)|SELECT DISTINCT',
    re.IGNORECASE,
)


def shown(client: Client, **query: Any) -> EventList:
    response = client.get(EVENTS, query)
    assert response.status_code == 200, response.status_code
    found: EventList = response.context["cl"]
    return found


def positions(found: EventList) -> list[int]:
    return [row.position for row in found.result_list]


def follow(client: Client, address: str) -> EventList:
    found: EventList = client.get(urljoin(EVENTS, address)).context["cl"]
    return found


@pytest.fixture
def many(log: None) -> list[int]:
    return publish(*(event("task_progress" if n % 3 else "error", task_id=f"t{n}") for n in range(3 * PAGE + 7)))


def test_the_newest_come_first_and_pages_lose_none(administrator: Client, many: list[int]) -> None:
    found, page = [], shown(administrator)
    assert not page.newer
    while True:
        found += positions(page)
        if not page.older:
            break
        page = follow(administrator, page.older)
    assert found == sorted(many, reverse=True)
    back = [positions(page)]
    while page.newer:
        page = follow(administrator, page.newer)
        back.insert(0, positions(page))
    assert sorted({position for rows in back for position in rows}, reverse=True) == found


def test_what_is_published_meanwhile_moves_no_page(administrator: Client, many: list[int]) -> None:
    first = shown(administrator)
    new = publish(*(event("error", task_id="later") for _ in range(PAGE + 5)))
    second = follow(administrator, first.older)
    assert positions(first) + positions(second) == sorted(many, reverse=True)[: 2 * PAGE]
    newer = follow(administrator, second.newer)
    assert positions(newer) == positions(first)
    assert positions(follow(administrator, newer.newer)) == sorted(new, reverse=True)[5:]


QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"q": "type:error agent:none since:2h"},
    {"q": "word"},
    {"category": "system"},
    {"type": "error", "recorded": "7d"},
    {"board": "shop", "recorded": f"{utc_now():%Y-%m}"},
    {"before": 60},
    {"after": 3},
    {"o": "1", "p": "3", "all": ""},
)


def test_no_query_counts_the_log(administrator: Client, many: list[int]) -> None:
    for query in QUESTIONS:
        with CaptureQueriesContext(connection) as captured:
            shown(administrator, **query)
        asked = [entry["sql"] for entry in captured if OF_THE_LOG.search(entry["sql"])]
        assert asked
        assert not [sql for sql in asked if COUNTED.search(sql)], query
        assert all("LIMIT" in sql for sql in asked)
        assert len(captured) < 60


def test_nor_does_the_page_of_an_event(administrator: Client, many: list[int]) -> None:
    with CaptureQueriesContext(connection) as captured:
        open_page(administrator, f"{EVENTS}{many[-1]}/change/")
    assert not [entry["sql"] for entry in captured if COUNTED.search(entry["sql"])]
    assert len(captured) < 20


def test_filters_and_search_are_one_question(administrator: Client, log: None) -> None:
    publish(*project("shop"), *project("mill"))
    [found] = shown(administrator, board="mill", category="task", q="type:task_blocked").result_list
    assert (found.board_id, found.event_type) == ("mill", "task_blocked")
    assert len(shown(administrator, type="task_created", q="-board:mill").result_list) == 4
    assert not shown(administrator, category="context", type="task_created").result_list


def test_a_time_is_looked_up_by_position(administrator: Client, many: list[int]) -> None:
    now = utc_now()
    old = now - timedelta(days=40)
    behind_the_back("event", "UPDATE event SET recorded_at = %s WHERE position <= %s", [old, many[9]])
    month = f"{old:%Y-%m}"
    assert positions(shown(administrator, recorded=month)) == many[9::-1]
    assert many[9] not in positions(shown(administrator, recorded="30d", before=many[20]))
    assert positions(shown(administrator, recorded="today", before=many[20])) == many[19:9:-1]
    labels = open_page(administrator, EVENTS).text
    assert f"{old:%B %Y}" in labels
    assert f"{now:%B %Y}" in labels
    assert not shown(administrator, recorded="1999-01").result_list


def test_a_moment_is_between_two_positions(many: list[int]) -> None:
    head = read.head()
    first = read.event(many[0])
    assert first
    assert position_at(first.recorded_at, head) == head.oldest
    assert position_at(first.recorded_at - timedelta(days=1), head) == head.oldest
    assert position_at(head.recorded_at + timedelta(days=1), head) == head.position + 1


def test_a_search_that_cannot_be_read_says_so(administrator: Client, many: list[int]) -> None:
    for query in ("nofield:x", "since:yesterdayish", '"unclosed', "type:" + ",".join(["a"] * 300)):
        page = open_page(administrator, EVENTS, {"q": query})
        assert "No results" in page.text
        assert any(attributes.get("class") == "error" for _, attributes in page.elements)


ODD = (
    {"data__contains": "x"},
    {"recorded": "tomorrow"},
    {"recorded": "99999-01"},
    {"recorded": "9999-12"},
    {"board": "\0"},
    {"type": "\0"},
    {"before": "9" * 40},
    {"after": "-1"},
    {"q": "\0"},
    {"q": "x" * 5000},
    {"type": MARKUP},
)


def test_an_odd_address_is_answered(administrator: Client, many: list[int]) -> None:
    for query in ODD:
        response = administrator.get(EVENTS, query, follow=True)
        assert response.status_code == 200
        assert MARKUP not in response.content.decode()


def test_no_event_there_leads_back(administrator: Client, many: list[int]) -> None:
    for name in ("0", "999999", "x", "1e5", "9" * 40, "²"):
        assert administrator.get(f"{EVENTS}{name}/change/").status_code == 302


def test_an_event_is_shown_whole_with_cause_effects_and_page(administrator: Client, log: None) -> None:
    cause = event("task_blocked", task_id="t1", description="No key", agent_id="agent_a")
    effect = event(
        "blocker_resolved", task_id="t1", metadata={"causation_id": cause.event_id}, deep={"a": [1, {"b": 2}]}
    )
    first, second = publish(cause, effect)
    page = open_page(administrator, f"{EVENTS}{second}/change/")
    assert (
        json.dumps({"deep": {"a": [1, {"b": 2}]}, "task_id": "t1"}, indent=2)[1:40] in page.text
        or '"deep"' in page.text
    )
    assert f"{EVENTS}{first}/change/" in page.leads()
    assert f"/activity/{second}/" in page.leads()
    assert f"{EVENTS}{second}/change/" in open_page(administrator, f"{EVENTS}{first}/change/").leads()


def test_hostile_events_are_text_and_bounded(administrator: Client, log: None) -> None:
    deep: Any = MARKUP
    for _ in range(14):
        deep = {MARKUP: [deep]}
    [position] = publish(
        event(
            f"odd {MARKUP}",
            board=f"b {MARKUP}",
            source=MARKUP,
            task_id=f"t {MARKUP}",
            agent_id=f"agent_{MARKUP}",
            description=MARKUP + "x" * 10_000,
            deep=deep,
            metadata={"causation_id": MARKUP, "board_name": MARKUP},
        )
    )
    listed, whole = open_page(administrator, EVENTS), open_page(administrator, f"{EVENTS}{position}/change/")
    for page in (listed, whole):
        assert_harmless(page)
        assert MARKUP in page.text
    assert "x" * 400 not in listed.text
    assert "x" * 10_000 in whole.text


def test_nothing_is_changed(superuser: Client, many: list[int]) -> None:
    before = read.event(many[0])
    assert superuser.get(f"{EVENTS}add/").status_code == 403
    assert superuser.post(f"{EVENTS}{many[0]}/change/", {"data": "{}"}).status_code == 403
    assert superuser.post(f"{EVENTS}{many[0]}/delete/", {"post": "yes"}).status_code == 403
    superuser.post(EVENTS, {"action": "delete_selected", "_selected_action": [many[0]], "post": "yes"})
    assert read.event(many[0]) == before


def test_a_month_ends_where_the_next_begins() -> None:
    from marcus_events.admin.event_filters import span_of

    since, until = span_of("2026-12")
    assert (since.isoformat(), until and until.isoformat()) == (
        "2026-12-01T00:00:00+00:00",
        "2027-01-01T00:00:00+00:00",
    )
    assert isinstance(since, datetime)
