"""How an agent is, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.pages.agents.agent_health import OFFLINE_AFTER, SILENCE_LIMIT, HealthStatus, status_words, verdict
from tests.core.drawn_events import START

NOW = START + timedelta(hours=5)
LONG_AGO, LATELY = START, NOW - timedelta(minutes=1)


def words(status: str, life_ago: timedelta | None) -> str:
    return verdict(status, LONG_AGO, NOW - life_ago if life_ago is not None else None, "needs a key", NOW).words


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("working", "Working for"),
        ("blocked", "Blocked for"),
        ("waiting", "Waiting for work for"),
        ("idle", "Idle for"),
        ("on\nleave", "Status “on leave” for"),
    ],
)
def test_of_an_agent_that_is_heard_of_what_it_is_at(status: str, said: str) -> None:
    assert words(status, timedelta(minutes=1)) == said


@pytest.mark.parametrize("status", ["working", "waiting"])
def test_who_ought_to_be_heard_of_and_is_not_gives_no_sign_of_life(status: str) -> None:
    assert words(status, SILENCE_LIMIT) != "No signal for"
    assert words(status, SILENCE_LIMIT + timedelta(seconds=1)) == "No signal for"
    assert words(status, None) == "No signal for"


@pytest.mark.parametrize("status", ["blocked", "idle", "on leave"])
def test_who_need_not_be_heard_of_may_be_silent(status: str) -> None:
    assert words(status, timedelta(hours=4)) != "No signal for"


def test_an_idle_agent_that_was_not_heard_of_for_a_day_is_offline() -> None:
    for status in ("idle", "on leave"):
        since = NOW - OFFLINE_AFTER - timedelta(seconds=1)
        gone = verdict(status, since, None, "", NOW)
        assert (gone.kind, gone.words, gone.since) == ("offline", "Offline for", since)
        assert verdict(status, since, NOW - OFFLINE_AFTER, "", NOW).kind != "offline"
    said = verdict("offline", LONG_AGO, LATELY, "", NOW)
    assert (said.kind, said.since) == ("offline", LONG_AGO)


def test_who_has_just_been_given_something_is_not_silent_yet() -> None:
    old = verdict("working", LATELY, LONG_AGO, "", NOW)
    assert (old.words, old.since) == ("Working for", LATELY)


def test_the_silence_began_when_the_agent_was_last_heard_of() -> None:
    assert verdict("working", LONG_AGO, LONG_AGO + timedelta(hours=1), "", NOW).since == LONG_AGO + timedelta(hours=1)
    assert verdict("working", LONG_AGO + timedelta(hours=1), LONG_AGO, "", NOW).since == LONG_AGO
    assert verdict("working", LONG_AGO, None, "", NOW).since == LONG_AGO


def test_only_who_is_blocked_is_told_with_a_reason() -> None:
    blocked = verdict("blocked", LONG_AGO, LATELY, "needs a key", NOW)
    assert blocked == HealthStatus("blocked", "danger", "blocked", "Blocked for", LONG_AGO, "needs a key")
    assert verdict("working", LONG_AGO, LATELY, "needs a key", NOW).why == ""


def test_a_spell_is_told_with_its_task_where_it_has_one() -> None:
    assert status_words("working", "Build login") == "Working on Build login"
    assert status_words("blocked", "") == "Blocked"
    assert status_words("waiting", "Build login") == "Waiting for work"
    assert status_words("on leave") == "on leave"
