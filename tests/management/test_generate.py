"""`manage.py generate`: the same log from the same numbers, gone on with where it was ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from marcus_events.core.filters import EventFilter
from marcus_events.ingest import entry_from
from marcus_events.log import read
from marcus_events.models import HourlyRate, Task
from marcus_events.search import page, reached
from marcus_events.sources import generation

UNTIL = "2026-05-04T00:00:00Z"


def generate(**options: Any) -> None:
    call_command("generate", f"--until={UNTIL}", "--over=30d", events=1_500, **options)


def events() -> list[tuple[Any, ...]]:
    return [(e.event, e.board_id, e.task_id, e.agent_id) for e in read.following(0, 2_000)]


@pytest.mark.usefixtures("log")
def test_what_was_ended_is_gone_on_with_and_is_as_if_it_was_not() -> None:
    generate(stop=700, project=[])
    assert (len(events()), reached()) == (700, 0)
    generate(project=["search", "rates"])
    generate(project=[])
    extent = generation.GeneratedRange(1, 1_500, events()[0][0].timestamp, events()[-1][0].timestamp)
    assert [event.event_id for event, *_ in events()] == [entry.event_id for entry in generation.entries(extent)]
    assert [event.data for event, *_ in events()] == [entry.data for entry in generation.entries(extent)]
    assert (reached(), HourlyRate.objects.exists(), Task.objects.exists()) == (1_500, True, False)


@pytest.mark.usefixtures("log")
def test_events_are_about_what_the_door_would_say_and_hold_the_words_that_are_planted() -> None:
    generate(project=["search"])
    for event, *about in events():
        entry = entry_from(event)
        assert about == [entry.board_id, entry.task_id, entry.agent_id]
    early = page(EventFilter.parse(generation.EARLY), limit=100).events
    assert early
    assert all(event.position <= 1_500 // 20 for event in early)
    assert len(page(EventFilter.parse(generation.COMMON), limit=1_500).events) > 750
    for query in (generation.RARE, f'"{generation.PHRASE}"', " ".join(generation.APART)):
        assert page(EventFilter.parse(query), limit=1).events
