"""The vocabulary: documented types are canonical, Marcus's own words are mapped to them, unknown ones are welcome."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from marcus_events.core.event_types import (
    ALIASES,
    CATEGORIES,
    MEANINGS,
    EventTypes,
    canonical,
    category_of,
    meaning_of,
    title_from,
    types_of,
)
from tests.core.drawn_events import names

TYPES = {value for name, value in vars(EventTypes).items() if name.isupper()}
DOCUMENTED = {
    *("task_requested", "task_assigned", "task_started", "task_progress", "task_completed", "task_blocked"),
    *("blocker_resolved", "agent_registered", "agent_status_changed", "agent_skill_updated"),
    *("project_created", "project_updated", "project_completed", "system_startup", "system_shutdown"),
    *("kanban_connected", "kanban_error", "context_updated", "dependency_detected", "implementation_found"),
    *("decision_logged", "pattern_detected", "prediction_made", "agent_learned"),
}


def test_the_documented_types_are_there_under_their_names() -> None:
    assert DOCUMENTED <= TYPES
    assert all(getattr(EventTypes, event_type.upper()) == event_type for event_type in TYPES)


def test_every_type_has_a_meaning_and_every_meaning_a_type() -> None:
    assert set(MEANINGS) == TYPES


@pytest.mark.parametrize("event_type", sorted(MEANINGS))
def test_a_type_has_a_category_a_title_and_a_phrase_that_can_be_filled(event_type: str) -> None:
    meaning = MEANINGS[event_type]
    assert meaning.category in CATEGORIES[:-1]
    assert meaning.importance in ("high", "normal", "low", "noise")
    assert meaning.title[0].isupper()
    assert re.fullmatch(r"(?:[^{}\[\]]|\{\w+\}|\[(?:[^{}\[\]]|\{\w+\})+\])+", meaning.phrase)
    assert event_type in types_of(meaning.category)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("server_startup", "system_startup"),
        ("server_shutdown", "system_shutdown"),
        ("task_request", "task_requested"),
        ("task_assignment", "task_assigned"),
        ("progress_update", "task_progress"),
        ("worker_registration", "agent_registered"),
        ("blocker_reported", "task_blocked"),
    ],
)
def test_what_marcus_writes_is_mapped_to_the_documented_type(written: str, meant: str) -> None:
    assert canonical(written) == meant


def test_an_alias_leads_to_a_canonical_type_at_once() -> None:
    assert set(ALIASES.values()) <= TYPES
    assert not set(ALIASES) & TYPES
    assert all(canonical(event_type) == event_type for event_type in TYPES)


def test_what_a_person_must_see_is_important_and_noise_is_noise() -> None:
    assert meaning_of("task_blocked").importance == "high"
    assert meaning_of("project_state_refreshed").importance == "noise"


def test_an_unknown_type_is_its_own_and_titled_by_its_words() -> None:
    assert canonical("nightly_backup") == "nightly_backup"
    assert category_of("nightly_backup") == "other"
    assert meaning_of("nightly_backup").title == "Nightly backup"
    assert meaning_of("nightly_backup").importance == "normal"
    assert types_of("other") == []


@given(names)
def test_any_name_has_a_title_that_cannot_be_taken_for_a_phrase(event_type: str) -> None:
    assert title_from(event_type)
    assert not set(title_from(event_type)) & set("{}[]")
