"""Pages when a producer's clock is ahead: times as stated, said to be ahead, and nothing is counted in the future."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page_state import PageState
from dashboard.live.visible_events import visible_filter
from dashboard.pages.agents import agent_cards
from dashboard.pages.agents import queries as agents
from dashboard.pages.agents.agent_health import SILENCE_LIMIT
from dashboard.pages.history import queries as history
from dashboard.pages.now.since_last_visit import since
from dashboard.queries import chrome_data, counters
from dashboard.queries.histogram import histogram
from dashboard.timeline.status_intervals import Window
from dashboard.visibility import EVERYTHING
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.models import Blocker, Task
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

HOURS_3 = -180  # minutes ago
YEARS_50 = -50 * 365 * 24 * 60.0
AHEAD = "clock ahead by 3 h"


@pytest.fixture
def ahead(log: None) -> list[int]:
    return publish(
        event("task_started", ago=30, task_id="t", agent_id="agent_1", task_name="Build login"),
        event("task_blocked", ago=HOURS_3, task_id="t", agent_id="agent_1", source="agent_1", description="No key"),
        event("decision_logged", ago=YEARS_50, task_id="t", agent_id="agent_1", source="agent_1", what="Wait"),
    )


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/activity/", "/activity/2/", "/history/", "/tasks/?board=shop&task=t", "/blocked/2/"),
        *("/agents/", "/integrations/"),
    ],
)
def test_whatever_shows_an_events_own_time_says_that_the_clock_was_ahead(
    ahead: list[int], viewer: Client, path: str
) -> None:
    assert "ahead by" in open_page(viewer, path).text


def test_a_wrong_clock_is_told_of_the_event_that_has_it_and_of_no_other(ahead: list[int], viewer: Client) -> None:
    page = open_page(viewer, "/activity/").text
    assert (page.count(AHEAD), page.count("clock ahead by 50 years"), page.count("clock ahead")) == (1, 1, 2)


def test_nothing_is_counted_in_the_future(ahead: list[int]) -> None:
    now = utc_now()
    counted = counters.counters(on(), now)
    assert (counted.hour, counted.total) == (3, 3)
    last = counters.last_at(on())
    assert last
    assert last <= now
    assert since(now - timedelta(minutes=1), on()).total == 2
    page_state = PageState.from_query("activity", {"q": "since:2h"}, EVERYTHING)
    assert histogram(visible_filter(page_state), now, page_state.query_during).total == 3
    over_time = history.over_time(EventFilter(), now, page_state.query_during)
    assert over_time
    assert (over_time.total, over_time.columns[-1].start <= now) == (3, True)


def test_the_state_has_no_time_to_come_and_the_bell_rings(ahead: list[int]) -> None:
    now = utc_now()
    assert Task.objects.now().get().status_since <= now
    assert Blocker.objects.now().get().opened_at <= now
    assert Task.objects.as_of(now).get().status == "blocked"
    assert [alert.blocker.description for alert in chrome_data.alerts(on())] == ["No key"]


def test_an_agent_that_said_something_in_fifty_years_falls_silent_all_the_same(log: None) -> None:
    publish(
        event("task_started", ago=60, task_id="t", agent_id="agent_1"),
        event("context_requested", ago=YEARS_50, task_id="t", agent_id="agent_1"),
    )
    now = utc_now()
    for later, words in ((now, "Working for"), (now + SILENCE_LIMIT + timedelta(minutes=1), "No signal for")):
        found = agents.agents(on(), later)
        around = agents.around(found, {}, {}, on())
        [member] = agent_cards.agent_cards(found, {}, around, later, Window(later - timedelta(days=1), later))
        assert member.verdict.words == words
        assert member.clock_ahead


def test_the_check_of_an_event_says_it_before_it_is_published(viewer: Client) -> None:
    stated = '{"event_type": "x", "source": "s", "timestamp": "2199-01-01T00:00:00Z"}'
    answer = viewer.post("/integrations/check/", {"event": stated}).content.decode()
    assert "clock ahead by 17" in answer
    assert (
        "clock ahead"
        not in viewer.post("/integrations/check/", {"event": stated.replace("2199", "2020")}).content.decode()
    )


def test_the_sources_with_wrong_clocks_are_for_those_who_see_everything(ahead: list[int], viewer: Client) -> None:
    assert "Clocks ahead" in open_page(viewer, "/integrations/").text
    User.objects.get().user_permissions.clear()
    assert "Clocks ahead" not in open_page(viewer, "/integrations/").text
