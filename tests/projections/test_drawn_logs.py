"""The tables hold what the fold says, whatever the log and however it is cut into steps."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from marcus_events.core.event import Event, utc_now
from marcus_events.core.reducers import fold
from marcus_events.core.reserved import Authority
from marcus_events.core.state import KINDS, BlockerState, State, StateItem
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.projections import STATE
from marcus_events.projections.interval_rows import TABLE_OF
from marcus_events.projections.projector import step
from marcus_events.projections.state_tables import Batch
from tests.audit.reading import behind_the_back
from tests.core import drawn_events


@pytest.mark.usefixtures("log")
def test_a_step_loads_all_that_its_events_may_concern() -> None:
    @settings(max_examples=60)
    @given(st.lists(drawn_events.events | drawn_events.busy_events, max_size=30), st.integers(1, 7))
    def tables_are_the_fold(events: list[Event], size: int) -> None:
        begin_again()
        ingest([Event(f"evt_{n}", *drawn_events.fields(event)) for n, event in enumerate(events)], Authority.SYSTEM)
        while step(STATE, size).events:
            pass
        state = State()
        for recorded in read.following(0, len(events)):
            fold(state, recorded)
        for kind in KINDS:
            assert rows(kind) == {key: asdict(item) for key, item in state.items[kind].items()}, kind

    tables_are_the_fold()


@pytest.mark.usefixtures("log")
def test_a_step_does_not_load_all_blockers_that_a_task_has_ever_had() -> None:
    stated = ("agent_1", {"task_id": "t1", "description": "Stuck"}, {"board_id": "shop"})
    for n in range(20):
        ingest(
            [Event(f"b{n}", utc_now(), "task_blocked", *stated), Event(f"r{n}", utc_now(), "blocker_resolved", *stated)]
        )
    while step(STATE).events:
        pass
    ingest([Event("next", utc_now(), "blocker_suggestion", "marcus", {"task_id": "t1", "blocker_event_id": "b3"})])
    batch = Batch()
    batch.load(read.following(40, 1))
    loaded = [item.event_id for item in batch.state.items[BlockerState].values() if isinstance(item, BlockerState)]
    assert sorted(loaded) == ["b19", "b3"]


def begin_again() -> None:
    """Another log in the place of the last one, which the projection finds out by its epoch."""
    behind_the_back("event", "DELETE FROM event")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM event_identity")  # else the same events would be duplicates, and the log empty
        cursor.execute("UPDATE log_head SET position = 0, epoch = gen_random_uuid()")


def rows(kind: type[StateItem]) -> dict[Any, Any]:
    names = [field.name for field in fields(kind)]
    found = [kind(**row) for row in TABLE_OF[kind].objects.now().values(*names)]
    return {row.key: asdict(row) for row in found}
