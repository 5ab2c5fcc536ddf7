"""A task or an agent is filtered by under the name that pages show for it; what is filtered by stays to be seen."""

from __future__ import annotations

import pytest

from dashboard.live.visible_events import visible_filter
from dashboard.pages.boards import columns
from dashboard.queries import event_stream, filter_choices
from tests.dashboard.publishing import event, publish
from tests.dashboard.scopes import looking, on


@pytest.fixture(autouse=True)
def two_agents(log: None) -> None:
    publish(
        event("agent_registered", agent_id="agent_1", name="Claude 1"),
        event("agent_registered", agent_id="agent_2", name="Claude 2"),
        event("task_created", task_id="t1", task_name="Build login"),
        event("task_started", task_id="t1", agent_id="agent_1"),
        event("task_blocked", task_id="t1", agent_id="agent_1", description="No tenant"),
    )


def positions(**page_state: str) -> list[int]:
    return [found.position for found in event_stream.opening(visible_filter(looking("activity", **page_state))).events]


@pytest.mark.parametrize("page_state", [{"agent": "Claude 1"}, {"q": 'agent:"Claude 1"'}, {"agent": "agent_1"}])
def test_an_agent_by_its_name_or_id(page_state: dict[str, str]) -> None:
    assert positions(**page_state) == [5, 4, 1]


def test_a_task_by_its_name_though_events_give_only_its_id() -> None:
    assert positions(q='task:"Build login"') == [5, 4, 3]


def test_without_a_task_by_its_name() -> None:
    assert positions(q='-task:"Build login"') == [2, 1]


def test_a_name_that_nobody_has_matches_nothing() -> None:
    assert positions(agent="Claude 3") == []


def test_what_is_filtered_by_is_among_the_choices_though_nothing_has_it() -> None:
    assert ("agent_9", "9") in filter_choices.agents(on(), "agent_9")
    assert ("agent_1", "Claude 1") in filter_choices.agents(on(), "agent_1")
    named = {name for _, group in filter_choices.types(on(), "nightly_backup") for name, _ in group}
    assert "nightly_backup" in named


def test_a_blocked_card_says_what_is_missing() -> None:
    [card] = [card for column in columns.columns(on("shop")).values() for card in column.cards]
    assert card.blocker
    assert card.blocker.description == "No tenant"
