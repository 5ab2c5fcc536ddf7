"""The verdict: the worst news first, in a sentence that is right for one and for many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.headline import QUIET, HeadlineNumbers, headline_of

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NOTHING = HeadlineNumbers(blocked=0, causes=0, waiting=0, tasks=0, done=0, working=0, last_event_at=None)
LONG_AGO = NOW - QUIET - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("numbers", "tone", "text"),
    [
        ({}, "calm", "Nothing needs you."),
        ({"working": 1}, "good", "Nothing needs you. 1 agent is working."),
        ({"tasks": 9, "done": 2, "working": 3}, "good", "Nothing needs you. 3 agents are working."),
        ({"tasks": 1, "done": 1}, "good", "All 1 task is done."),
        ({"tasks": 1_234, "done": 1_234}, "good", "All 1,234 tasks are done."),
        ({"tasks": 2, "done": 1}, "calm", "Nothing is blocked, but no agent is working on the open tasks."),
        (
            {"tasks": 2, "done": 1, "working": 1, "last_event_at": LONG_AGO},
            "calm",
            "Nothing is blocked, but nothing has happened for a while.",
        ),
        (
            {"blocked": 5, "causes": 2, "waiting": 7},
            "attention",
            "5 tasks are waiting for a person, with 2 causes; 7 more are waiting behind them.",
        ),
        (
            {"blocked": 3, "causes": 1},
            "attention",
            "3 tasks are waiting for a person, all with one cause; nothing else is waiting behind them.",
        ),
        (
            {"blocked": 1, "causes": 2},
            "attention",
            "1 task is waiting for a person, with 2 causes; nothing else is waiting behind it.",
        ),
        ({"blocked": 1}, "attention", "1 task is waiting for a person; nothing else is waiting behind it."),
        ({"blocked": 2}, "attention", "2 tasks are waiting for a person; nothing else is waiting behind them."),
        ({"blocked": 1, "waiting": 1}, "attention", "1 task is waiting for a person; 1 more is waiting behind it."),
        ({"blocked": 1, "waiting": 7}, "attention", "1 task is waiting for a person; 7 more are waiting behind it."),
        ({"blocked": 3, "waiting": 1}, "attention", "3 tasks are waiting for a person; 1 more is waiting behind them."),
        (
            {"blocked": 1_000, "waiting": 2_000},
            "attention",
            "1,000 tasks are waiting for a person; 2,000 more are waiting behind them.",
        ),
    ],
)
def test_the_state_of_things_in_one_sentence(numbers: dict[str, Any], tone: str, text: str) -> None:
    one_each = {"causes": numbers.get("blocked", 0)}
    found = headline_of(replace(NOTHING, **(one_each | numbers)), NOW)
    assert (found.tone, found.text) == (tone, text)


def test_a_blocked_task_is_worse_than_silence() -> None:
    numbers = replace(NOTHING, blocked=1, tasks=5, working=2, last_event_at=LONG_AGO)
    assert headline_of(numbers, NOW).tone == "attention"


def test_what_is_finished_may_be_silent() -> None:
    assert headline_of(replace(NOTHING, tasks=5, done=5, last_event_at=LONG_AGO), NOW).tone == "good"


def test_a_short_silence_is_not_worth_a_word() -> None:
    numbers = replace(NOTHING, tasks=5, working=1, last_event_at=NOW - QUIET)
    assert headline_of(numbers, NOW).text == "Nothing needs you. 1 agent is working."
