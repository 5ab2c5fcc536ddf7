"""Counts, facets and completions say what the log holds, whichever way they are counted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import category_of
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Facet, HourlyFacet
from marcus_events.projections import RATES, SEARCH, STATE, catch_up
from marcus_events.search import (
    SAMPLED_FIELDS,
    complete,
    count,
    count_between,
    count_types_by_time,
    facets,
    is_precomputed,
)
from tests.lively_log import START, lively_events, shown_on_pages

ALL = 10_000
QUERIES = ["", "since:{half}", "until:{half}", "board_id:shop since:{early}", "type:task_*", "need", "-board_id:shop"]


@pytest.fixture
def logged(log: None) -> list[RecordedEvent]:
    """Over some hours, with a removal."""
    events = lively_events(600)
    for n, event in enumerate(events):
        event.timestamp = START + timedelta(seconds=n * 17)
    ingest(events, Authority.SYSTEM)
    catch_up([STATE, RATES, SEARCH])
    return shown_on_pages(read.following(0, 1_000))


def parsed(query: str) -> EventFilter:
    return EventFilter.parse(query.format(half="2026-05-04T10:31:07Z", early="2026-05-04T09:00:01Z"))


def counted(events: list[RecordedEvent]) -> dict[str, dict[str, int]]:
    of: dict[str, Any] = {
        "type": lambda event: event.event_type,
        "category": lambda event: category_of(event.event_type),
        "source": lambda event: event.source,
        "board": lambda event: event.board_id,
        "agent": lambda event: event.agent_id,
    }
    return {field: dict(Counter(value for e in events if (value := ask(e)))) for field, ask in of.items()}


@pytest.mark.parametrize("query", QUERIES)
def test_facets_say_how_what_matches_divides(logged: list[RecordedEvent], query: str) -> None:
    matching = [event for event in logged if parsed(query).matches(event)]
    assert matching
    found = facets(parsed(query), ALL)
    assert {field: dict(values) for field, values in found.by_field.items()} == counted(matching)
    assert (found.total, found.is_capped) == (len(matching), False)
    for values in found.by_field.values():
        assert [number for _, number in values] == sorted((number for _, number in values), reverse=True)
    assert count(parsed(query), ALL) == len(matching)


@pytest.mark.parametrize("query", ["type:task_*", "-category:task", "importance:normal since:{half}"])
def test_of_types_all_is_counted_and_sources_and_agents_of_the_newest(
    logged: list[RecordedEvent], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = [event for event in logged if parsed(query).matches(event)]
    monkeypatch.setattr(import_module("marcus_events.search.facets"), "SAMPLE", 7)
    found = facets(parsed(query), ALL)
    sampled = {field: dict(values) for field, values in found.by_field.items() if field in SAMPLED_FIELDS}
    whole = {field: dict(values) for field, values in found.by_field.items() if field not in SAMPLED_FIELDS}
    assert sampled == {field: counted(matching[-7:])[field] for field in SAMPLED_FIELDS}
    assert whole == {field: values for field, values in counted(matching).items() if field not in SAMPLED_FIELDS}
    assert (found.total, found.is_capped, found.is_sampled) == (len(matching), False, True)


def test_facets_of_words_are_of_the_newest_and_say_so(logged: list[RecordedEvent]) -> None:
    matching = [event for event in logged if parsed("need").matches(event)]
    found = facets(parsed("need"), 5)
    assert (found.total, found.is_capped) == (5, True)
    assert dict(found.by_field["board"]) == counted(matching[-5:])["board"]
    assert not facets(parsed("since:{half}"), 5).is_capped


@pytest.mark.parametrize(
    "query",
    [
        *("", "type:task_*", "board_id:shop", "-board_id:shop category:task", "need", "source:marcus"),
        *(
            "board_id:shop -board_id:billing,shop",
            "board_id:billing,shop -type:task_*",
            "-board_id:billing -board_id:shop",
        ),
    ],
)
@pytest.mark.parametrize("step_s", [60, 600, 3_600, 90])
def test_over_time_every_event_is_in_its_step(logged: list[RecordedEvent], query: str, step_s: int) -> None:
    since, until = START, START + timedelta(hours=2)
    wanted = EventFilter(EventFilter.parse(query).terms, since, until)
    steps = Counter(int((e.timestamp - since).total_seconds() // step_s) for e in logged if wanted.matches(e))
    found = count_types_by_time(wanted, step_s, ALL)
    assert {step: types.total() for step, types in found.items()} == dict(steps)
    assert is_precomputed(wanted) == (query not in {"need", "source:marcus"})


def test_between_two_positions_no_more_are_counted(logged: list[RecordedEvent]) -> None:
    inside = [event for event in logged if 420 < event.position < 500]
    assert count_between(EventFilter(), 420, 500, ALL) == len(inside)
    assert count_between(EventFilter(), 420, 500, 7) == 7


def test_the_projection_counts_facets_as_the_log_has_them(logged: list[RecordedEvent]) -> None:
    of_log = Counter[tuple[str, str, str]]()
    for event in logged:
        for field, value in (("source", event.source), ("agent", event.agent_id), ("type", event.event_type)):
            of_log[event.board_id or "", field, value or ""] += bool(value)
    ever = Facet.objects.exclude(field="task").values_list("board_id", "field", "value", "count")
    assert Counter({(board, field, value): number for board, field, value, number in ever}) == +of_log
    hourly = Counter[tuple[str, str, str]]()
    for board, field, value, number in HourlyFacet.objects.values_list("board_id", "field", "value", "count"):
        hourly[board, field, value] += number
    assert hourly == Counter({key: number for key, number in (+of_log).items() if key[1] != "type"})


def test_what_is_typed_is_completed_by_what_there_is_most_of(logged: list[RecordedEvent]) -> None:
    types = Counter(event.event_type for event in logged if event.event_type.startswith("task_"))
    ranked = sorted(types, key=lambda name: (-types[name], name))
    assert complete("type", "task_", EventFilter()) == ranked
    assert complete("agent", "1", EventFilter()) == complete("agent", "agent_1", EventFilter()) == ["agent_1"]
    assert complete("source", "mar", EventFilter()) == ["marcus"]
    assert complete("board", "the", EventFilter()) == ["The billing", "The shop"]
    assert complete("board_id", "sh", EventFilter()) == ["shop"]
    assert complete("category", "con", EventFilter()) == ["context"]
    assert complete("importance", "n", EventFilter()) == ["normal", "noise"]
    assert complete("text", "n", EventFilter()) == complete("type", "%", EventFilter()) == []


def test_nothing_of_another_board_completes(logged: list[RecordedEvent]) -> None:
    on_shop = EventFilter().with_term("board_id", "shop")
    assert complete("task", "", on_shop)
    assert all(task.startswith("shop-") for task in complete("task", "", on_shop))
    assert complete("board", "the", on_shop) == ["The shop"]
    assert complete("board_id", "bill", on_shop) == []
