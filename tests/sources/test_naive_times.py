"""Times without a zone: of the zone that is named, or UTC where that can be; never shifted in silence."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from marcus_events.core.event import utc_now
from marcus_events.sources.marcus.naive_times import InstallationTimes
from tests.sources.installations import AGENT_EVENTS, REALTIME, Session, append, copy_run

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def written(session: Session, *stamps: str, at: datetime | None = None, name: str = REALTIME) -> None:
    append(session.root / name, *[{"timestamp": stamp, "type": "built", "event_type": "built"} for stamp in stamps])
    if at:
        os.utime(session.root / name, (at.timestamp(), at.timestamp()))


def times(session: Session) -> list[str]:
    return [event.timestamp.astimezone(UTC).strftime("%d %H:%M") for event in session.scan()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "marcus"


def test_with_a_zone_a_time_without_one_is_of_that_zone(root: Path) -> None:
    session = Session(root, zone=BERLIN)
    written(session, "2026-11-23T20:46:18.5", "2026-11-23T20:46:18+00:00", "2026-07-01T12:00:00")
    assert sorted(times(session)) == ["01 10:00", "23 19:46", "23 20:46"]
    assert session.unreadable == []


def test_the_zone_is_that_of_databases_too(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    session = Session(root, zone=BERLIN)
    task_id = without_zone(root, "2026-11-23 20:46:18")
    [created] = [
        event for event in session.scan() if event.event_type == "task_created" and event.data["task_id"] == task_id
    ]
    assert created.timestamp == datetime(2026, 11, 23, 19, 46, 18, tzinfo=UTC)


def without_zone(root: Path, created_at: str) -> str:
    with closing(sqlite3.connect(root / "data/kanban.db")) as marcus, marcus:
        [task_id] = marcus.execute("SELECT id FROM tasks LIMIT 1").fetchone()
        marcus.execute("UPDATE tasks SET created_at = ? WHERE id = ?", [created_at, task_id])
    return str(task_id)


def test_a_time_on_the_board_that_cannot_be_utc_is_reported(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    session = Session(root)
    without_zone(root, (utc_now() + timedelta(hours=2)).isoformat()[:19])
    assert len(session.scan()) == 718
    [reported] = session.unreadable
    assert reported.where == "data/kanban.db"
    assert "has a time without a zone" in reported.reason


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["2026-10-25T01:59", "2026-10-25T02:30", "2026-10-25T02:59", "2026-10-25T02:10", "2026-10-25T03:00"],
         ["24 23:59", "25 00:30", "25 00:59", "25 01:10", "25 02:00"]),
        (["2026-10-25T02:30:10", "2026-10-25T02:30:05"], ["25 00:30", "25 00:30"]),
        (["2026-10-25T02:30"], ["25 00:30"]),
        (["2026-03-29T01:59", "2026-03-29T02:30", "2026-03-29T03:30"], ["29 00:59", "29 01:30", "29 01:30"]),
    ],
    ids=["an hour that comes twice", "lines a little out of order", "only one line", "an hour that is left out"],
)  # fmt: skip
def test_hours_at_clock_changes_are_as_documented(root: Path, stamps: list[str], expected: list[str]) -> None:
    session = Session(root, zone=BERLIN)
    written(session, *stamps)
    assert times(session) == expected


def test_the_repeated_hour_goes_on_across_looks(root: Path) -> None:
    session = Session(root, zone=BERLIN)
    written(session, "2026-10-25T02:50")
    assert times(session) == ["25 00:50"]
    written(session, "2026-10-25T02:05")
    assert times(session) == ["25 01:05"]


def test_a_time_that_lies_in_the_future_is_held_back_and_reported_with_its_line(root: Path) -> None:
    session = Session(root)
    now = utc_now()
    written(session, now.isoformat(), (now + timedelta(hours=2)).replace(tzinfo=None).isoformat())
    assert len(session.scan()) == 1
    [reported] = session.unreadable
    assert reported.where == f"{REALTIME}:2"
    assert "is 120 min ahead of when" in reported.reason or "is 2 h ahead of when" in reported.reason
    assert "--timezone" in reported.reason
    assert session.reader.times.held_back == 1


def test_what_was_held_back_is_read_when_the_zone_is_named(root: Path) -> None:
    session, now = Session(root), utc_now()
    local = (now - timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    written(session, *[(local + timedelta(seconds=n)).replace(tzinfo=None).isoformat() for n in range(3)])
    assert session.scan() == []
    again = Session(root, zone=ZoneInfo("Asia/Tokyo"))
    assert again.scan()[0].timestamp == now - timedelta(minutes=1)


def test_all_times_of_a_file_whose_last_one_cannot_be_utc_are_held_back(root: Path) -> None:
    session, end = Session(root), datetime(2026, 5, 4, 12, tzinfo=UTC)
    written(session, *[f"2026-05-04T{hour:02}:00:00" for hour in range(4, 15)], at=end)
    written(session, "2026-05-04T09:00:00", "2026-05-04T09:00:00+00:00", at=end, name=AGENT_EVENTS)
    assert times(session) == ["04 09:00"]
    assert sorted(item.where for item in session.unreadable) == [f"{AGENT_EVENTS}:1", f"{REALTIME}:1"]
    assert session.reader.times.held_back == 12


def test_times_that_end_long_before_their_file_was_written_are_read_and_reported(root: Path) -> None:
    session, end = Session(root), datetime(2026, 5, 4, 12, tzinfo=UTC)
    written(session, "2026-05-04T06:50:00", "2026-05-04T07:00:00", at=end)
    assert times(session) == ["04 06:50", "04 07:00"]
    [reported] = session.unreadable
    assert reported.where == REALTIME
    assert "which end 5 h before it was written" in reported.reason
    assert session.scan() == []
    assert len(session.unreadable) == 1


@pytest.mark.parametrize("stamp", ["2026-05-04T11:59:00", "2026-05-04T12:05:00", "2026-05-04T11:50:00"])
def test_a_time_that_can_be_utc_is(root: Path, stamp: str) -> None:
    session = Session(root)
    written(session, stamp, at=datetime(2026, 5, 4, 12, tzinfo=UTC))
    assert len(times(session)) == 1
    assert session.unreadable == []


def test_with_utc_named_nothing_is_in_doubt(root: Path) -> None:
    session = Session(root, zone=ZoneInfo("UTC"))
    written(session, "2026-05-04T18:00:00", at=datetime(2026, 5, 4, 12, tzinfo=UTC))
    assert times(session) == ["04 18:00"]
    assert session.unreadable == []


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00", None, 5, "soon"])
def test_what_is_no_time_is_none(stamp: object) -> None:
    assert InstallationTimes(NEW_YORK).of("f")(stamp) is None


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "", "/etc/passwd"])
def test_a_zone_that_there_is_not_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="Unknown time zone"):
        call_command("follow", str(tmp_path), "--once", f"--timezone={name}")
