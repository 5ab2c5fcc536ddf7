"""The door: what is taken, what it is named and about, what is refused, and that all of it reads back as it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marcus_events.core.event import Event, InvalidEvent, utc_now
from marcus_events.core.payload import MAX_NAME_BYTES
from marcus_events.core.reserved import Authority
from marcus_events.ingest import entry_from, event_from, ingest
from marcus_events.log import read
from tests.core import drawn_events
from tests.core.test_payload import LARGEST

NOW = utc_now()


def event(event_id: str = "evt_1", event_type: str = "task_started", source: str = "marcus", **data: Any) -> Event:
    return Event(event_id, NOW, event_type, source, data)


@pytest.mark.usefixtures("log")
def test_the_answer_says_where_each_event_stands_in_the_order_given() -> None:
    assert [(r.event_id, r.status, r.position) for r in ingest([event("a"), event("b")])] == [
        ("a", "accepted", 1),
        ("b", "accepted", 2),
    ]


@pytest.mark.usefixtures("log")
def test_the_same_event_again_is_a_duplicate_at_the_first_position() -> None:
    ingest([event("a"), event("b")])
    again = ingest([event("b"), event("c"), event("c")])
    assert [(r.status, r.position) for r in again] == [("duplicate", 2), ("accepted", 3), ("duplicate", 3)]
    assert read.head().position == 3


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "other",
    [
        event(n=2),
        event(event_type="task_completed", n=1),
        Event("evt_1", NOW, "task_started", "marcus", {"n": 1}, {"a": 1}),
    ],
)
def test_the_same_identity_with_another_body_is_refused_and_the_first_stands(other: Event) -> None:
    ingest([event(n=1)])
    refused = ingest([other])[0]
    assert (refused.status, refused.position) == ("rejected", 1)
    assert refused.error == "/event_id: marcus already published another event with this id, at 1"
    assert read.following(0, 10)[0].data == {"n": 1}


@pytest.mark.usefixtures("log")
def test_a_repeat_is_known_by_what_was_stated_though_the_producer_stamped_it_anew() -> None:
    ingest([event()])
    assert ingest([Event("evt_1", utc_now(), "task_started", "marcus", {})])[0].status == "duplicate"


@pytest.mark.usefixtures("log")
def test_another_source_may_use_the_same_id() -> None:
    assert [r.position for r in ingest([event(source="a"), event(source="b")])] == [1, 2]


@pytest.mark.usefixtures("log")
def test_what_is_refused_holds_up_nothing_beside_it() -> None:
    receipts = ingest([event("a"), event("b", text="\0"), event("", n=1), event("c")])
    assert [(r.status, r.position) for r in receipts] == [
        ("accepted", 1),
        ("rejected", None),
        ("rejected", None),
        ("accepted", 2),
    ]
    assert [r.error for r in receipts[1:3]] == [
        "/data/text: contains the character NUL",
        "/event_id: must be a non-empty string",
    ]


@pytest.mark.usefixtures("log")
def test_more_events_than_the_writer_takes_at_once_are_taken_in_order() -> None:
    receipts = ingest([event(f"e{n}") for n in range(1_200)])
    assert [r.position for r in receipts] == list(range(1, 1_201))


@pytest.mark.usefixtures("log")
def test_what_marcus_calls_otherwise_is_named_by_the_vocabulary_and_its_own_name_kept() -> None:
    ingest([event(event_type="blocker_reported")])
    kept = read.following(0, 1)[0]
    assert (kept.event_type, kept.metadata) == ("task_blocked", {"original_type": "blocker_reported"})


@pytest.mark.usefixtures("log")
def test_everything_that_is_taken_reads_back_equal() -> None:
    stated = st.lists(
        st.builds(
            Event,
            st.just(""),
            drawn_events.moments,
            drawn_events.names,
            drawn_events.names,
            drawn_events.objects,
            drawn_events.objects,
        ),
        max_size=20,
    )

    @settings(max_examples=60)
    @given(stated)
    def reads_back(events: list[Event]) -> None:
        head = read.head().position
        named = [Event(f"{head}.{n}", *drawn_events.fields(event)) for n, event in enumerate(events)]
        assert all(receipt.status == "accepted" for receipt in ingest(named, Authority.SYSTEM))
        assert [kept.event for kept in read.following(head, 20)] == [
            drawn_events.taken(event, 1).event for event in named
        ]
        assert all(kept.data == event.data for kept, event in zip(read.following(head, 20), events, strict=True))

    reads_back()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("largest", LARGEST, ids=range(len(LARGEST)))
def test_the_largest_that_is_allowed_reads_back_equal(largest: dict[str, Any]) -> None:
    stated = Event("evt_1", NOW, "task_started", "marcus", largest, {})
    assert ingest([stated])[0].status == "accepted"
    assert read.following(0, 1)[0].event == stated


@pytest.mark.usefixtures("log")
def test_the_longest_names_fit_their_indexes() -> None:
    name = "é" * (MAX_NAME_BYTES // 2)
    stated = Event(name, NOW, name, name, {"task_id": name, "agent_id": name}, {"board_id": name})
    assert ingest([stated])[0].status == "accepted"
    kept = read.following(0, 1)[0]
    assert (kept.event, kept.board_id, kept.task_id, kept.agent_id) == (stated, name, name, name)


@pytest.mark.parametrize(
    ("data", "metadata", "source", "about"),
    [
        ({"task_id": "t", "agent_id": "a"}, {"board_id": "b"}, "marcus", ("b", "t", "a")),
        ({"board_id": "b", "worker_id": "w"}, {}, "marcus", ("b", None, "w")),
        ({"project_id": "p"}, {}, "agent_1", ("p", None, "agent_1")),
        ({"agent_id": "unknown", "worker_id": "w"}, {}, "agent_1", (None, None, "w")),
        ({"agent_id": "unknown"}, {}, "agent_1", (None, None, "agent_1")),
        ({"task_id": 7, "agent_id": ["a"], "board_id": " "}, {}, "marcus", (None, "7", None)),
        ({"task_id": "é" * 300}, {}, "marcus", (None, "é" * 256, None)),
        ({"board_id": "theirs"}, {"board_id": "ours"}, "marcus", ("ours", None, None)),
    ],
)
def test_what_an_event_is_about_is_drawn_from_its_fields(
    data: dict[str, Any], metadata: dict[str, Any], source: str, about: tuple[str | None, ...]
) -> None:
    entry = entry_from(Event("evt_1", NOW, "task_started", source, data, metadata))
    assert (entry.board_id, entry.task_id, entry.agent_id) == about


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"event_id": ""}, "/event_id: must be a non-empty string"),
        ({"event_id": 7}, "/event_id: must be a non-empty string"),
        ({"event_type": None}, "/event_type: must be a non-empty string"),
        ({"source": "x" * 513}, "/source: is longer than 512 bytes"),
        ({"timestamp": datetime(2026, 5, 4)}, "/timestamp: has no time zone"),  # noqa: DTZ001
        ({"timestamp": "2026-05-04T09:00:00Z"}, "/timestamp: must be a time"),
        ({"data": []}, "/data: must be an object"),
        ({"data": {"a": float("nan")}}, "/data/a: is not a finite number"),
        ({"metadata": {"a": object()}}, "/metadata/a: is a object, which JSON does not have"),
    ],
)
def test_an_event_that_is_none_is_refused_with_the_place(fields: dict[str, Any], error: str) -> None:
    stated = Event(**(vars(event()) | fields))
    receipt = ingest([stated])[0]
    assert receipt.status == "rejected"
    assert (receipt.error or "").startswith(error)


def test_from_json_only_type_and_source_are_needed() -> None:
    made_event = event_from({"event_type": "x", "source": "s", "data": None, "timestamp": None}, default_id="evt_9")
    assert (made_event.event_id, made_event.data, made_event.metadata) == ("evt_9", {}, {})
    assert abs((made_event.timestamp - utc_now()).total_seconds()) < 60


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ([], ""),
        ("text", ""),
        (None, ""),
        ({}, "/event_type"),
        ({"event_type": "x"}, "/source"),
        ({"event_type": 1, "source": "s"}, "/event_type"),
        ({"event_type": "x", "source": "s", "event_id": ""}, "/event_id"),
        ({"event_type": "x", "source": "s", "event_id": 0}, "/event_id"),
        ({"event_type": "x", "source": "s", "event_id": False}, "/event_id"),
        ({"event_type": "x", "source": "s", "timestamp": ""}, "/timestamp"),
        ({"event_type": "x", "source": "s", "timestamp": 0}, "/timestamp"),
        ({"event_type": "x", "source": "s", "data": []}, "/data"),
        ({"event_type": "x", "source": "s", "data": ""}, "/data"),
        ({"event_type": "x", "source": "s", "metadata": 0}, "/metadata"),
    ],
)
def test_from_json_anything_else_is_refused_with_the_place(stated: Any, pointer: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        event_from(stated, default_id="evt_9")
    assert refused.value.pointer == pointer


def test_an_event_may_hold_fields_that_are_not_documented() -> None:
    assert event_from({"event_type": "x", "source": "s", "extra": 1}, default_id="evt_9").event_type == "x"
