"""Hypothesis strategies for recorded events about a few boards, tasks and agents, so that they interact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.event_types import ALIASES, MEANINGS
from marcus_events.core.payload import MAX_NUMBER
from marcus_events.core.reducers import HANDLERS
from marcus_events.core.reserved import Authority
from marcus_events.ingest import entry_from

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
RECORDED_AT = START + timedelta(hours=1)  # shared by all events
FAR_AHEAD = datetime(2199, 1, 1, tzinfo=UTC)
BOARDS, TASKS, AGENTS = ("shop", "billing"), ("t1", "t2", "t3"), ("agent_1", "agent_2")


def recorded(
    event_type: str,
    data: dict[str, Any] | None = None,
    *,
    at: float = 0,
    position: int = 1,
    source: str = "marcus",
    metadata: dict[str, Any] | None = None,
) -> RecordedEvent:
    """Build an event `at` seconds after START, normalised by ingest like a producer's or the system's own."""
    event = Event(f"evt_{position}", START + timedelta(seconds=at), event_type, source, data or {}, metadata)
    return taken(event, position)


def taken(event: Event, position: int) -> RecordedEvent:
    entry = entry_from(event, Authority.SYSTEM)
    named = Event(entry.event_id, entry.timestamp, entry.event_type, entry.source, entry.data, entry.metadata)
    return RecordedEvent(position, RECORDED_AT, named, entry.board_id, entry.task_id, entry.agent_id)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = texts.filter(str.strip)
numbers = st.integers(-MAX_NUMBER, MAX_NUMBER) | st.floats(-MAX_NUMBER, MAX_NUMBER)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=5)
moments = st.floats(0, 100).map(lambda seconds: START + timedelta(seconds=seconds)) | st.just(FAR_AHEAD)

event_types = st.sampled_from([*MEANINGS, *ALIASES]) | names
sources = st.sampled_from(["marcus", "user:ann", "program:builder", "system:answers", *AGENTS]) | names
known_data = st.fixed_dictionaries(
    {},
    optional={
        "task_id": st.sampled_from(TASKS) | values,
        "agent_id": st.sampled_from([*AGENTS, "unknown"]) | values,
        "task_name": st.sampled_from(["Build the cart", "Pay"]) | values,
        "depends_on": st.lists(st.sampled_from(TASKS)) | values,
        "depends_on_id": st.sampled_from(TASKS) | values,
        "progress": st.integers(-10, 200) | values,
        "status": st.sampled_from(["in_progress", "blocked", "completed", "idle"]) | values,
        "severity": st.sampled_from(["low", "HIGH", "unheard of"]) | values,
        "description": st.sampled_from(["No key", "No access"]) | values,
        "blocker_event_id": st.integers(0, 40).map(lambda n: f"evt_{n}") | values,
        "suggestion": texts | objects,
        "answer": texts | values,
        "answer_id": st.integers(0, 40).map(lambda n: f"evt_{n}") | values,
        "by": texts | values,
        "due": moments.map(datetime.isoformat) | values,
        "until": moments.map(datetime.isoformat) | values,
        "name": st.just("Claude") | values,
        "role": values,
        "depends_on_board_id": st.sampled_from(BOARDS) | values,
        "sync_status": st.sampled_from(["pending", "synced"]) | values,
        "external_id": texts | values,
        "error": texts | values,
        "active": st.booleans() | values,
        "skills": st.lists(texts) | values,
        "labels": st.lists(texts) | values,
    },
)
known_metadata = st.fixed_dictionaries(
    {},
    optional={
        "board_id": st.sampled_from(BOARDS) | values,
        "board_name": st.sampled_from(["The shop", "Billing", "shop"]) | values,
        "agent_name": values,
        "board_type": texts | values,
        "external_id": texts | values,
        "external_url": st.just("https://tickets.example/{external_id}") | values,
        "demo": values,
    },
)
events = st.builds(Event, st.just("evt"), moments, event_types, sources, known_data, known_metadata)


def as_log(stated: list[Event]) -> list[RecordedEvent]:
    """Return events in log order with unique ids."""
    return [taken(Event(f"evt_{n}", *fields(event)), n) for n, event in enumerate(stated, start=1)]


def fields(event: Event) -> tuple[datetime, str, str, dict[str, Any], dict[str, Any] | None]:
    return event.timestamp, event.event_type, event.source, event.data, event.metadata


logs = st.lists(events, max_size=40).map(as_log)
# Events about the same few objects: in general logs two events rarely interact, here they always do.
busy_events = st.builds(
    Event,
    st.just("evt"),
    st.integers(0, 20).map(lambda seconds: START + timedelta(seconds=seconds)) | st.just(FAR_AHEAD),
    st.sampled_from([name for name in HANDLERS if name.startswith(("task_", "blocker_", "answer_"))]),
    st.sampled_from(["marcus", "user:ann", "user:ann", "program:builder", "system:answers"]),
    st.fixed_dictionaries(
        {"task_id": st.sampled_from(TASKS[:2]), "agent_id": st.sampled_from([*AGENTS, "unknown"])},
        optional={
            "status": st.sampled_from(["in_progress", "blocked", "completed"]),
            "description": st.sampled_from(["No key", "No access"]),
            "blocker_event_id": st.integers(0, 40).map(lambda n: f"evt_{n}"),
            "answer": st.sampled_from(["Use the other key", ""]),
            "answer_id": st.integers(0, 40).map(lambda n: f"evt_{n}"),
            "by": st.just("ann"),
            "due": st.integers(0, 30).map(lambda seconds: (START + timedelta(seconds=seconds)).isoformat()),
            "until": st.integers(0, 30).map(lambda seconds: (START + timedelta(seconds=seconds)).isoformat()),
        },
    ),
    st.just({"board_id": "shop"}),
)
busy_logs = st.lists(busy_events, min_size=6, max_size=30).map(as_log)
