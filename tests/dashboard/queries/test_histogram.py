"""The histogram above Activity: each event of the look in one column, however it is counted, and each column a link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.page_state import PageState
from dashboard.live.visible_events import visible_filter
from dashboard.pages.history.queries import over_time
from dashboard.queries import histogram as histograms
from dashboard.queries.counters import in_last_hour
from dashboard.queries.histogram import COLUMNS, MOST, histogram, spread
from dashboard.visibility import EVERYTHING, Scope
from marcus_events.core.event import utc_now
from marcus_events.core.filters import format_moment
from marcus_events.search import counts
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
spans = st.timedeltas(timedelta(0), timedelta(days=20_000))


@given(spans, spans)
def test_whatever_the_time_it_is_spread_over_columns_that_can_be_seen(length: timedelta, ago: timedelta) -> None:
    until = NOW - min(ago, timedelta(days=5_000))
    since = max(until - length, NOW - timedelta(days=20_000))
    first, step, number = spread(since, until, NOW)
    assert 1 <= number <= COLUMNS + 1
    assert first <= since < first + step
    assert first + number * step >= until or until == since


def histogram_of(page_state: PageState, now: datetime) -> histograms.Histogram:
    return histogram(visible_filter(page_state), now, page_state.query_during)


def values(**page_state: str) -> list[int]:
    return [
        column.bar.value
        for column in histogram_of(PageState.from_query("activity", page_state, EVERYTHING), utc_now()).columns
    ]


LOOKS: list[tuple[dict[str, str], int]] = [
    ({"q": "since:2h"}, 12),
    ({"board": "shop", "q": "since:2h"}, 12),
    ({"board": "bank"}, 0),
    ({"type": "task_created"}, 4),
    ({"category": "agent", "q": "since:2h"}, 1),
    ({"q": "type:task_* -type:task_created"}, 3),
    ({"q": "shop-2"}, 5),
    ({"agent": "agent_shop"}, 4),
    ({"q": "task:shop-2 since:45m"}, 2),
    ({"q": "since:45m"}, 2),
    ({"q": "until:90m"}, 0),
    ({"q": "since:30d"}, 12),
    ({"q": "since:30d", "board": "shop"}, 12),
    ({"q": "since:60h type:task_created"}, 4),
]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(("page_state", "number"), LOOKS)
def test_it_counts_what_the_look_shows(page_state: dict[str, str], number: int) -> None:
    publish(*project())
    assert sum(values(**page_state)) == number


@pytest.mark.usefixtures("log")
def test_the_rates_and_the_log_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(*project())
    by_rates = values(q="type:task_*")
    monkeypatch.setattr(counts, "is_precomputed", lambda chosen: False)
    assert values(q="type:task_*") == by_rates


def test_every_column_is_a_link_to_what_it_counts(viewer: Client) -> None:
    publish(*project())
    columns = histogram_of(PageState.from_query("activity", {"q": "type:task_*"}, EVERYTHING), utc_now()).columns
    for column in (column for column in columns if column.bar.value):
        page = open_page(viewer, f"/activity/?{column.query}")
        assert len(page.positions()) == column.bar.value


def test_a_query_that_cannot_be_read_has_none(viewer: Client) -> None:
    publish(*project())
    assert "1 bar =" not in open_page(viewer, "/activity/?q=type:").text


@pytest.mark.usefixtures("log")
def test_what_is_not_counted_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histograms, "MOST", 3)
    publish(*project())
    found = histogram_of(PageState.from_query("activity", {"q": "shop"}, EVERYTHING), utc_now())
    assert (found.total, found.is_capped) == (3, True)
    assert not histogram_of(PageState.from_query("activity", {}, EVERYTHING), utc_now()).is_capped
    assert MOST == 20_000


def test_events_without_a_board_and_odd_types_are_counted(viewer: Client) -> None:
    publish(*(event(name, board="") for name in ("deploy", "deploy", "x:y")))
    found: dict[str, Any] = {"q": "type:deploy"}
    assert sum(values(**found)) == 2
    assert sum(values(q='type:"x:y"')) == 1


@pytest.mark.parametrize(
    ("length", "form"), [(timedelta(hours=23), "minutes"), (timedelta(days=1), "axis"), (timedelta(days=90), "axis")]
)
def test_an_axis_says_the_date_where_it_is_a_day_or_longer(viewer: Client, length: timedelta, form: str) -> None:
    until = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    query = f"since:{format_moment(until - length)} until:{format_moment(until)}"
    page = open_page(viewer, "/activity/", {"q": query})
    places = [attributes for tag, attributes in page.elements if tag == "foreignobject"]
    assert 2 <= len(places) <= 6
    forms = [
        attributes["data-time"]
        for tag, attributes in page.elements
        if tag == "time" and attributes["data-time"] in ("minutes", "axis")
    ]
    assert forms == [form] * len(places)


@pytest.mark.usefixtures("log")
def test_a_mark_of_the_axis_stands_where_its_column_begins() -> None:
    page_state = PageState.from_query(
        "activity", {"q": f"since:{format_moment(NOW - timedelta(days=3))} until:{format_moment(NOW)}"}, EVERYTHING
    )
    shown = histogram_of(page_state, NOW)
    starts = {column.start: n / len(shown.columns) * 100 for n, column in enumerate(shown.columns)}
    assert len(shown.marks) >= 3
    for mark in shown.marks:
        assert mark.left == pytest.approx(starts[mark.at], abs=0.01)
        assert mark.left <= histograms.LAST_MARK


def test_activity_counts_the_last_hour_as_now_does(viewer: Client) -> None:
    publish(*project(), *(event("task_requested", agent_id="a", ago=5) for _ in range(3)))
    shown = histogram_of(PageState.from_query("activity", {}, EVERYTHING), now := utc_now())
    hour = in_last_hour(Scope(EVERYTHING), now)
    assert (hour.shown, hour.routine) == (shown.total, shown.hidden)
    assert shown.hidden == 3
    assert "3 routine hidden" in open_page(viewer, "/activity/").text
    assert "in the last hour, 3 routine hidden" in open_page(viewer, "/").text
    whole = histogram_of(PageState.from_query("activity", {"noise": "1"}, EVERYTHING), now)
    assert (whole.total, whole.hidden) == (shown.total + 3, 0)


@pytest.mark.usefixtures("log")
def test_bars_are_stacked_by_category() -> None:
    publish(*(event("task_created", task_id=f"t{n}", ago=5) for n in range(3)), event("agent_registered", ago=5))
    found = histogram_of(PageState.from_query("activity", {}, EVERYTHING), utc_now())
    assert [(layer.category, layer.total) for layer in found.layers] == [("task", 3), ("agent", 1)]
    [column] = [column for column in found.columns if column.bar.value]
    assert column.values == "Tasks 3 · Agents 1"
    assert [layer.path.count("M") for layer in found.layers] == [1, 1]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("look", [{}, {"q": "created"}])
def test_the_period_before_has_the_same_length_and_ends_where_the_period_begins(look: dict[str, str]) -> None:
    publish(*(event("task_created", ago=ago, task_id=f"t{ago}", what="created") for ago in (1, 2, 40, 70, 80, 90, 200)))
    state = PageState.from_query("history", look | {"q": f"{look.get('q', '')} since:1h"}, EVERYTHING)
    now = utc_now()
    found = over_time(visible_filter(state), now, state.query_during, compare=True)
    assert found is not None
    assert found.before is not None
    assert (found.total, found.before.total) == (3, 3)
    assert found.before.until <= found.columns[0].start
    assert abs((found.before.until - found.before.since) - (now - found.columns[0].start)) <= found.step
    assert sum(column.before or 0 for column in found.columns) == found.before.total
