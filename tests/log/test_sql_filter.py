"""A filter in Python and the same filter in SQL choose the same events."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.event_types import CATEGORIES, MEANINGS
from marcus_events.core.filters import EventFilter, Term
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import event_counts, read
from marcus_events.log.sql_filter import CONDITIONS, where
from marcus_events.projections import STATE, catch_up
from tests.core.drawn_events import moments
from tests.lively_log import lively_events, shown_on_pages

FIELDS = tuple(CONDITIONS)

pytestmark = pytest.mark.usefixtures("log")

ODD = ("a%b", "a_b", "a\\b", "A_B", "é\n", "*", "task_", "ʼ'; DROP TABLE event; --")


def odd_events() -> list[Event]:
    """What a wildcard, a comparison of texts or a field of another kind could trip over."""
    chance = random.Random(2)  # noqa: S311
    metadatas: list[dict[str, Any]] = [{"board_id": odd} for odd in ODD] + [{"board_name": odd} for odd in ODD]
    metadatas += [{"board_name": name} for name in (5, True, None, ["shop"], {"shop": 1}, "5", "true", "shop")]
    metadatas += [{"external_id": odd, "sync_status": "pending"} for odd in (*ODD, "TICKET-456", 5, None, ["pending"])]
    return [
        Event(
            f"odd_{n}",
            lively_events(1)[0].timestamp,
            chance.choice(ODD),
            chance.choice([*ODD, "agent_1", "1"]),
            {
                "task_id": chance.choice(ODD),
                "agent_id": chance.choice([*ODD, "unknown", 5]),
                "sync_status": metadata.get("board_name"),
            },
            metadata,
        )
        for n, metadata in enumerate(metadatas)
    ]


def words_in(log: list[RecordedEvent]) -> list[str]:
    said = {getattr(event, name) for event in log for name in ("event_type", "source", "board_id", "task_id")}
    said |= {event.agent_id for event in log} | {
        "5",
        "true",
        "null",
        "nothing",
        "shop",
        "0",
        "1",
        "pending",
        "TICKET-456",
    }
    return sorted(word for word in said if word)


def test_python_and_sql_agree_on_every_filter() -> None:
    ingest(lively_events(300) + odd_events(), Authority.SYSTEM)
    log = read.following(0, 1_000)
    assert len(log) > 300
    exact = st.sampled_from([*words_in(log), *MEANINGS, *CATEGORIES, "high", "normal", "low", "noise"])
    cut = st.builds(lambda word, a, b: f"{word[:a]}*{word[b:]}", exact, st.integers(0, 9), st.integers(0, 9))
    values = st.lists(exact | cut | st.text("*a_%\\b'\"", min_size=1, max_size=4), min_size=1, max_size=3).map(tuple)
    terms = st.lists(st.builds(Term, st.sampled_from(FIELDS), values, st.booleans()), max_size=3).map(tuple)

    def agree(wanted: EventFilter) -> None:
        chosen = [event.position for event in read.events(wanted, limit=1_000, newest_first=False)]
        assert chosen == [event.position for event in log if wanted.matches(event)], str(wanted)

    for field in FIELDS:
        for word in words_in(log):
            agree(EventFilter().with_term(field, word))
    drawn = given(st.builds(EventFilter, terms, st.none() | moments, st.none() | moments))
    settings(max_examples=300)(drawn(agree))()


@pytest.mark.parametrize(
    "query",
    ["type:task_*", "-type:*", "agent:1", "category:other", "-importance:normal,high", "board:shop", "board_id:shop"],
)
def test_a_filter_chooses_some_events_and_leaves_others(query: str) -> None:
    """So that agreement above is not agreement on nothing."""
    ingest(lively_events(300) + odd_events(), Authority.SYSTEM)
    chosen = read.events(EventFilter.parse(query), limit=1_000)
    assert len(chosen) < 300
    assert chosen or query == "-type:*"


def test_words_are_not_looked_for_in_the_log() -> None:
    with pytest.raises(ValueError, match="words are looked for by"):
        where(EventFilter.parse("here"))


def test_two_positions_bound_what_is_read_on_either_side() -> None:
    ingest(lively_events(20), Authority.SYSTEM)
    forwards = read.events(EventFilter(), after=5, before=10, newest_first=False)
    assert [event.position for event in forwards] == [6, 7, 8, 9]
    assert read.events(EventFilter(), after=5, before=10) == forwards[::-1]
    assert [event.position for event in read.events(EventFilter(), before=10, limit=2)] == [9, 8]


def test_a_removed_board_can_be_left_out_up_to_its_removal() -> None:
    events = lively_events(20)
    events[10].event_type = "board_removed"
    ingest(events, Authority.SYSTEM)
    catch_up([STATE])
    log = read.following(0, 20)
    left = read.events(EventFilter(), hide_removed=True, newest_first=False)
    assert left == shown_on_pages(log)
    assert event_counts.count_after(EventFilter(), 0, 1_000, hide_removed=True) == len(left) < 19
    assert event_counts.count_after(EventFilter(), 0, 3) == 3
