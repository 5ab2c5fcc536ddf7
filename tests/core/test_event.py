"""The documented Event: its fields, its plain and JSON forms, its times."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events import Event, EventTypes
from marcus_events.core.event import CLOCK_TOLERANCE, EARLIEST, LATEST, InvalidEvent, RecordedEvent, parse_timestamp
from tests.core.drawn_events import objects, recorded

MOMENT = datetime(2026, 5, 4, 9, 30, 1, 250, tzinfo=UTC)


def test_an_event_has_the_documented_fields_in_their_order() -> None:
    names = [field.name for field in fields(Event)]
    assert names == ["event_id", "timestamp", "event_type", "source", "data", "metadata"]
    assert Event("evt_1", MOMENT, EventTypes.TASK_STARTED, "agent_1", {}).metadata is None


def test_as_plain_data_the_timestamp_is_iso_8601() -> None:
    event = Event("evt_1", MOMENT, "task_started", "agent_1", {"task_id": "t1"}, {"user": "ann"})
    assert event.to_dict() == {
        "event_id": "evt_1",
        "timestamp": "2026-05-04T09:30:01.000250+00:00",
        "event_type": "task_started",
        "source": "agent_1",
        "data": {"task_id": "t1"},
        "metadata": {"user": "ann"},
    }
    assert event.timestamp == MOMENT


@given(objects, objects)
def test_json_holds_the_whole_event(data: dict[str, object], metadata: dict[str, object]) -> None:
    event = Event("evt_1", MOMENT, "task_started", "agent_1", data, metadata)
    assert json.loads(event.to_json()) == event.to_dict()


def test_what_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(TypeError):
        Event("evt_1", MOMENT, "task_started", "agent_1", {"at": MOMENT}).to_json()


def test_a_recorded_event_adds_what_the_log_knows() -> None:
    shown = recorded("task_blocked", {"task_id": "t1"}, position=7).to_dict()
    assert {"position": 7, "category": "task", "event_type": "task_blocked"}.items() <= shown.items()
    assert json.loads(json.dumps(shown)) == shown


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)), st.integers(-840, 840))  # noqa: DTZ001
def test_a_timestamp_of_any_zone_is_read_as_the_same_moment_in_utc(naive: datetime, offset_minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    read = parse_timestamp(moment.isoformat())
    assert read == moment
    assert read.utcoffset() == timedelta(0)


def test_the_zone_may_be_z() -> None:
    assert parse_timestamp("2026-05-04T09:30:00Z") == datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def test_the_first_and_the_last_moment_are_taken() -> None:
    assert [parse_timestamp(moment.isoformat()) for moment in (EARLIEST, LATEST)] == [EARLIEST, LATEST]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("2026-05-04T09:30:00", "has no time zone"),
        ("2026-05-04", "has no time zone"),
        ("yesterday", "is not an ISO 8601 timestamp"),
        ("", "is not an ISO 8601 timestamp"),
        ("2026-02-30T00:00:00Z", "is not an ISO 8601 timestamp"),
        ("\ud800", "is not an ISO 8601 timestamp"),
        ("1969-12-31T23:59:59Z", "outside the years 1970 to 2199"),
        ("2200-01-01T00:00:00Z", "outside the years 1970 to 2199"),
        ("0001-01-01T00:00:00+23:59", "outside the years"),
        ("9999-12-31T23:59:59-23:59", "outside the years"),
        (1_777_886_400, "must be an ISO 8601 string"),
        (None, "must be an ISO 8601 string"),
    ],
)
def test_another_timestamp_is_refused_with_the_reason(stated: object, reason: str) -> None:
    with pytest.raises(InvalidEvent, match=reason) as refused:
        parse_timestamp(stated)
    assert refused.value.pointer == "/timestamp"


@given(st.text())
def test_any_text_is_a_time_or_is_refused(text: str) -> None:
    with suppress(InvalidEvent):
        assert EARLIEST <= parse_timestamp(text) <= LATEST


def test_the_package_needs_neither_django_nor_a_database() -> None:
    """An agent or Marcus itself imports it where only the standard library is."""
    code = (
        "import sys, marcus_events as m; m.Events(), m.Event, m.EventTypes.ERROR;"
        "assert not {'django', 'psycopg', 'channels'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=180)


def stated_at(moment: datetime) -> RecordedEvent:
    return RecordedEvent(1, MOMENT, Event("evt_1", moment, "task_started", "agent_1", {}))


def test_nothing_happened_after_it_was_recorded() -> None:
    earlier, later = stated_at(MOMENT - timedelta(days=9)), stated_at(MOMENT + timedelta(seconds=2))
    assert (earlier.happened_at, later.happened_at) == (earlier.timestamp, MOMENT)


def test_a_clock_is_ahead_only_beyond_the_tolerance() -> None:
    for ahead in (timedelta(days=-9), timedelta(), CLOCK_TOLERANCE):
        assert stated_at(MOMENT + ahead).clock_ahead is None
        assert "clock_ahead_s" not in stated_at(MOMENT + ahead).to_dict()
    far = stated_at(MOMENT + timedelta(hours=3))
    assert far.clock_ahead == timedelta(hours=3)
    assert far.to_dict()["clock_ahead_s"] == 10_800
    assert far.to_dict()["timestamp"] == far.timestamp.isoformat(), "what was stated is kept"
