"""Sentences: every event in words; names where they are known; whatever an event holds stays data."""

from __future__ import annotations

import pytest
from hypothesis import given

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.event_types import MEANINGS
from marcus_events.core.sentences import MAX_FIELD, SentencePart, as_text, sentence
from tests.core.drawn_events import as_log, events, objects, recorded

NAMED: dict[str, object] = {
    "task_id": "7f3a-11",
    "task_name": "Build the cart",
    "agent_id": "agent_claude_2",
    "depends_on_id": "7f3a-12",
    "depends_on_name": "Design the cart",
}
ON_BOARD: dict[str, object] = {"board_id": "9c2e", "board_name": "Storefront", "agent_name": "Claude"}


def words(event_type: str, data: dict[str, object] | None = None, metadata: dict[str, object] | None = None) -> str:
    return as_text(sentence(recorded(event_type, data, metadata=metadata)))


@pytest.mark.parametrize(
    ("event_type", "more", "said"),
    [
        ("task_created", {}, "Build the cart was added to the board"),
        ("task_requested", {}, "Claude asked for work"),
        ("task_assigned", {}, "Build the cart was assigned to Claude"),
        ("task_started", {}, "Claude started Build the cart"),
        ("task_progress", {"progress": 40}, "Claude is at 40% on Build the cart"),
        ("task_progress", {"progress": 40.0, "message": "CSS"}, "Claude is at 40% on Build the cart: CSS"),
        ("task_completed", {}, "Claude finished Build the cart"),
        ("task_blocked", {"description": "No key"}, "Claude is blocked on Build the cart: No key"),
        ("blocker_resolved", {}, "Build the cart is no longer blocked"),
        ("blocker_suggestion", {}, "Marcus suggested next steps for Build the cart"),
        (
            "blocker_snoozed",
            {"until": "2026-11-28T22:53:27.949912+00:00"},
            "Marcus (a program) snoozed the blocker on Build the cart until 28 Nov 2026 22:53 UTC",
        ),
        ("agent_registered", {"role": "Developer"}, "Claude joined as Developer"),
        ("agent_status_changed", {"status": "idle"}, "Claude is now idle"),
        ("project_created", {"task_count": 25}, "Storefront was created with 25 tasks"),
        ("project_created", {}, "Storefront was created"),
        ("kanban_error", {"error": "timeout"}, "The kanban board reported an error: timeout"),
        ("dependency_detected", {}, "Build the cart depends on Design the cart"),
        ("decision_logged", {"what": "Redis"}, "Claude decided on Build the cart: Redis"),
        ("decision_logged", {"what": "Redis", "why": "TTL"}, "Claude decided on Build the cart: Redis, because TTL"),
        (
            "report_refused",
            {"report": "completion report"},
            "Marcus rejected Claude's completion report on Build the cart",
        ),
        (
            "report_unanswered",
            {"report": "blocker report", "reason": "it was started again before it answered"},
            "Marcus did not answer Claude's blocker report on Build the cart: it was started again before it answered",
        ),
        (
            "task_request_refused",
            {"reason": "one at a time"},
            "Marcus rejected Claude's request for work: one at a time",
        ),
        ("nightly_backup", {}, "Nightly backup"),
    ],
)
def test_an_event_reads_as_a_sentence(event_type: str, more: dict[str, object], said: str) -> None:
    assert words(event_type, NAMED | more, ON_BOARD) == said


def test_a_part_that_names_a_task_is_left_out_where_there_is_none() -> None:
    assert words("report_refused", {"agent_id": "agent_claude_2", "report": "registration"}) == (
        "Marcus rejected Claude 2's registration"
    )


@pytest.mark.parametrize("event_type", sorted(MEANINGS))
def test_where_names_are_known_no_id_is_shown(event_type: str) -> None:
    said = words(event_type, NAMED, ON_BOARD)
    assert not [raw for raw in ("7f3a", "9c2e", "claude_2") if raw in said]


@pytest.mark.parametrize("event_type", sorted(MEANINGS))
def test_an_event_that_says_nothing_is_told_in_general_terms(event_type: str) -> None:
    said = words(event_type)
    assert said[0].isupper()
    assert "None" not in said
    assert not set(said) & set("{}[]")


def test_without_a_name_an_agents_id_is_put_into_words() -> None:
    assert words("task_started", {"agent_id": "agent_claude_2", "task_id": "t1"}) == "Claude 2 started t1"


def test_parts_that_name_something_carry_its_id() -> None:
    parts = sentence(recorded("task_started", NAMED, metadata=ON_BOARD))
    assert parts == [
        SentencePart("agent", "Claude", "agent_claude_2"),
        SentencePart("text", " started "),
        SentencePart("task", "Build the cart", "7f3a-11"),
    ]


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "{agent} [x] {0.__class__}", "%s %(x)s", "](javascript:alert(1))", "a\nb\r\n\tc"],
)
def test_a_hostile_text_stays_the_text_that_it_is(hostile: str) -> None:
    parts = sentence(recorded("task_blocked", {"task_id": "t1", "task_name": hostile, "description": hostile}))
    shown = " ".join(hostile.split())
    assert parts[-3] == SentencePart("task", shown, "t1")
    assert parts[-1] == SentencePart("text", shown)


def test_a_hostile_type_makes_no_phrase() -> None:
    assert words("{agent} [was] <b>here") == "Agent was <b>here"


def test_a_long_text_is_cut() -> None:
    said = words("task_blocked", {"description": "x" * 1_000})
    assert said.endswith("x…")
    assert len(said) < MAX_FIELD + 100


@given(events)
def test_any_event_has_words(stated: Event) -> None:
    assert_has_words(as_log([stated])[0])


@given(objects)
def test_any_data_under_any_type_has_words(data: dict[str, object]) -> None:
    for event_type in ("task_blocked", "decision_logged", "project_created"):
        assert_has_words(recorded(event_type, data))


def assert_has_words(event: RecordedEvent) -> None:
    assert as_text(sentence(event)).strip()
