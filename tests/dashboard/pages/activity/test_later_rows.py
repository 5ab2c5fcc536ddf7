"""Rows that a page loads later: after what it has, before what it has, and between."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.test import Client

from dashboard.pages.now import views
from dashboard.queries import event_stream
from marcus_events.log import read
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document, open_page


@pytest.fixture
def ten(viewer: Client) -> Client:
    """Events 1 to 10: every other one of them a started task, the others noise."""
    publish(*(event("task_requested" if n % 2 else "task_started", agent_id="agent_1") for n in range(10)))
    return viewer


def rows(client: Client, **query: Any) -> Document:
    return open_page(client, "/activity/rows/", query)


def test_after_a_position_come_all_that_are_newer_newest_first(ten: Client) -> None:
    found = rows(ten, after=7, noise=1)
    assert found.positions() == [10, 9, 8]
    assert found.with_id("gap") == []


def test_rows_say_of_which_log_and_up_to_where_they_are(ten: Client) -> None:
    head = read.head()
    _, attributes = rows(ten, after=0).elements[0]
    assert attributes == {"data-head": "10", "data-epoch": str(head.epoch)}


def test_a_page_that_has_everything_is_given_nothing(ten: Client) -> None:
    assert rows(ten, after=10).positions() == []
    assert rows(ten, after=99).positions() == []


def test_the_filter_of_the_page_holds_for_its_rows(ten: Client) -> None:
    assert rows(ten, after=5).positions() == [9, 7]
    assert rows(ten, after=5, q="type:task_requested").positions() == [10, 8, 6]
    assert rows(ten, after=5, board="another").positions() == []


def test_what_is_too_much_at_once_becomes_a_gap_with_its_number(ten: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "between", partial(event_stream.between, limit=3))
    found = rows(ten, after=1, noise=1)
    assert found.positions() == [10, 9, 8]
    [gap] = found.with_id("gap")
    assert (gap["data-after"], gap["data-position"], gap["data-count"]) == ("1", "8", "6")
    assert "6 events not shown" in found.text


def test_a_gap_leads_to_exactly_what_it_counts(ten: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "between", partial(event_stream.between, limit=2))
    seen, address = [], "/activity/rows/?after=2&noise=1"
    for missing in (6, 4, 2):
        found = open_page(ten, address)
        seen += found.positions()
        assert [gap["data-count"] for gap in found.with_id("gap")] == [str(missing)]
        [address] = found.all_of("data-rows")
    last = open_page(ten, address)
    assert seen + last.positions() == [10, 9, 8, 7, 6, 5, 4, 3]
    assert last.with_id("gap") == []


def test_counting_ends_somewhere_and_the_gap_says_so(ten: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "between", partial(event_stream.between, limit=1))
    monkeypatch.setattr(event_stream, "COUNT_CAP", 4)
    assert "More than 4 events not shown" in rows(ten, after=0, noise=1).text
    assert "More than" not in rows(ten, after=5, noise=1).text


def test_what_is_beyond_a_gap_does_not_change_its_number(ten: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "between", partial(event_stream.between, limit=1))
    monkeypatch.setattr(event_stream, "COUNT_CAP", 2)
    assert "1 event not shown" in rows(ten, after=1, before=4, noise=1).text


def test_older_rows_follow_until_the_log_begins(ten: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "opening", partial(event_stream.opening, limit=4))
    seen = open_page(ten, "/activity/?noise=1").positions()
    assert seen == [10, 9, 8, 7]
    assert rows(ten, before=7, noise=1).positions() == [6, 5, 4, 3]
    last = rows(ten, before=3, noise=1)
    assert last.positions() == [2, 1]
    assert "Start of the log." in last.text


def test_now_shows_the_latest_and_activity_goes_on_from_a_position(ten: Client) -> None:
    assert open_page(ten, "/").positions() == [9, 7, 5, 3, 1]
    assert open_page(ten, "/activity/", {"before": 5}).positions() == [3, 1]
    assert views.LATEST < event_stream.PAGE


@pytest.mark.parametrize("garbage", ["", "-1", "x", "1.0", "١", "9" * 19, " 1", "1;2"])
def test_a_cursor_that_is_no_position_is_the_same_as_none(ten: Client, garbage: str) -> None:
    assert rows(ten, after=garbage, before=garbage).positions() == [9, 7, 5, 3, 1]
    assert open_page(ten, "/activity/", {"before": garbage}).positions() == [9, 7, 5, 3, 1]


def test_a_query_that_cannot_be_read_is_refused_with_its_reason(ten: Client) -> None:
    response = ten.get("/activity/rows/", {"q": "colour:red"})
    assert response.status_code == 400
    assert "is not a field" in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/activity/"])
def test_what_happens_while_a_page_is_made_comes_after_the_head_it_was_given(
    ten: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    opening = event_stream.opening

    def then_publish(*arguments: Any, **named: Any) -> event_stream.StreamRows:
        found = opening(*arguments, **named)
        publish(event("task_started", agent_id="agent_1"))
        return found

    monkeypatch.setattr(event_stream, "opening", then_publish)
    page = open_page(ten, path)
    [beat] = page.with_id("beat")
    assert (beat["data-head"], page.positions()[0]) == ("10", 9)
