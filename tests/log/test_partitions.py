"""The log in partitions: room is made ahead, and found missing, made; what there was becomes the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection

import marcus_events
from marcus_events.audit.redaction import redact
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import entry_from, ingest
from marcus_events.log import identities, read
from marcus_events.log.append import append
from marcus_events.log.connect import connect
from marcus_events.log.partitions import AHEAD, SIZE, make_room, partitions
from marcus_events.log.writer import Writer
from marcus_events.models import RetentionRun
from marcus_events.retention.removal_declarations import declare_range
from tests.audit.reading import behind_the_back

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
def near_the_end(log: None) -> Iterator[None]:
    """The log stands ten positions before the end of its first partition, and there is no other."""
    as_at_first()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET position = %s", [SIZE - 10])
    yield
    as_at_first()


def as_at_first() -> None:
    """One empty partition, as a new log has it."""
    with connect("test", autocommit=True) as own:
        for found in partitions(own):
            own.execute(f"DROP TABLE {found.table}".encode())
        own.execute("CREATE TABLE event_0 (LIKE event)")
        own.execute(f"ALTER TABLE event ATTACH PARTITION event_0 FOR VALUES FROM (MINVALUE) TO ({SIZE})".encode())


def events(name: str, count: int) -> list[Event]:
    return [Event(f"{name}{n}", utc_now(), "task_progress", "agent_1", {"n": n}) for n in range(count)]


def ranges() -> list[tuple[int, int]]:
    with connect("test", autocommit=True) as own:
        return [(found.first, found.until) for found in partitions(own)]


def test_the_end_of_a_partition_is_no_end(near_the_end: None) -> None:
    receipts = ingest(events("e", 30))
    assert [receipt.position for receipt in receipts] == list(range(SIZE - 9, SIZE + 21))
    assert ranges() == [(0, SIZE), (SIZE, 2 * SIZE)]
    found = read.following(SIZE - 10, 100)
    assert [event.event.event_id for event in found] == [f"e{n}" for n in range(30)]


def test_two_writers_come_to_the_end_at_once_and_positions_stay_dense(near_the_end: None) -> None:
    def write(name: str) -> list[int]:
        writer = Writer()
        writer.start()
        answers = [writer.submit([entry_from(event)]) for event in events(name, 40)]
        writer.stop()
        return [answer.result(180)[0].position for answer in answers]

    with ThreadPoolExecutor(2) as threads:
        places = [place for found in threads.map(write, ("a", "b")) for place in found]
    assert sorted(places) == list(range(SIZE - 9, SIZE + 71))
    assert ranges() == [(0, SIZE), (SIZE, 2 * SIZE)]


def test_room_is_made_before_it_is_needed_and_only_then(near_the_end: None) -> None:
    with connect("test", autocommit=True) as own:
        assert make_room(own, SIZE - AHEAD - 1) == SIZE
        assert make_room(own, SIZE - AHEAD) == 2 * SIZE
        assert make_room(own, SIZE - AHEAD) == 2 * SIZE


def test_a_partition_that_is_dropped_while_they_are_listed_is_none_of_them(near_the_end: None) -> None:
    """Its bounds cannot be read any more, though the statement still sees it."""
    with connect("other", autocommit=True) as other, connect("lister") as lister:
        make_room(other, SIZE - 10)
        lister.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert len(partitions(lister)) == 2
        other.execute("ALTER TABLE event DETACH PARTITION event_0")
        other.execute("DROP TABLE event_0")
        assert [found.table for found in partitions(lister)] == [f"event_{SIZE}"]


def test_a_new_partition_has_every_index_of_the_log(near_the_end: None) -> None:
    with connect("test", autocommit=True) as own:
        make_room(own, SIZE)
        found = own.execute(
            "SELECT tablename, count(*) FROM pg_indexes WHERE tablename IN ('event_0', 'event_1000000') GROUP BY 1"
        ).fetchall()
    assert len({count for _, count in found}) == 1
    assert len(found) == 2


def test_an_identity_is_one_over_all_partitions(near_the_end: None) -> None:
    first = ingest(events("e", 1))[0]
    ingest(events("other", 20))
    assert ingest(events("e", 1))[0].status == "duplicate"
    assert ingest(events("e", 1))[0].position == first.position


@pytest.fixture
def full_to_the_end(near_the_end: None) -> None:
    """The first partition is full, and nobody has made room ahead."""
    with connect("test", autocommit=True) as own, own.transaction():
        append(own, [entry_from(event) for event in events("full", 9)])


def test_generate_goes_on_behind_the_end(near_the_end: None) -> None:
    call_command("generate", "--until=2026-05-04T00:00:00Z", events=30, project=[])
    found = read.following(SIZE - 10, 100)
    assert [event.position for event in found] == list(range(SIZE - 9, SIZE + 21))
    assert ranges() == [(0, SIZE), (SIZE, 2 * SIZE)]


def test_a_redaction_makes_room_for_its_record(full_to_the_end: None) -> None:
    assert redact(SIZE - 5, "ada", "a secret") == SIZE
    redacted, record = read.event(SIZE - 5), read.event(SIZE)
    assert redacted is not None
    assert redacted.data["redacted"] is True
    assert record is not None
    assert record.data["position"] == SIZE - 5


def test_a_removal_makes_room_for_its_declaration(full_to_the_end: None) -> None:
    run = RetentionRun.objects.create(started_at=utc_now())
    with connect("test", autocommit=True) as own:
        declare_range(own, run.pk, "test", SIZE - 9, SIZE - 8)
    record = read.event(SIZE)
    assert record is not None
    assert record.event_type == "events_removed"


def test_whatever_appends_makes_room() -> None:
    """A module that appends by itself does so through `with_room`."""
    root = Path(marcus_events.__file__).parent
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}
    imports = re.compile(r"^from marcus_events\.log\.append import .*\bappend\b", re.MULTILINE)
    appending = {name for name, text in texts.items() if imports.search(text)}
    assert appending == {
        "log/writer.py",
        "management/commands/generate.py",
        "audit/redaction.py",
        "retention/removal_declarations.py",
    }
    assert all("with_room(" in texts[name] for name in appending)


def test_what_was_removed_does_not_come_back() -> None:
    ingest(events("e", 3))
    behind_the_back("event", "DELETE FROM event WHERE position = 2")
    again = ingest(events("e", 3))
    assert [(receipt.status, receipt.position) for receipt in again] == [("duplicate", n) for n in (1, 2, 3)]
    assert read.event(2) is None
    assert identities.by_event_id("e1") is None
    assert identities.position_of(events("e", 3)[1]) == 2


OLD = """
CREATE SCHEMA old; SET search_path = old;
CREATE TABLE log_head AS SELECT 1 AS id, 3::bigint AS position, now() AS recorded_at;
CREATE TABLE event (position bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, event_id text NOT NULL,
    source text NOT NULL, event_type text NOT NULL, timestamp timestamptz NOT NULL, data jsonb NOT NULL,
    metadata jsonb NOT NULL, board_id text, task_id text, agent_id text, digest bytea NOT NULL,
    CONSTRAINT event_identity UNIQUE (event_id, source));
CREATE INDEX event_by_type ON event (event_type, position);
CREATE INDEX event_by_board ON event (board_id, position) WHERE board_id IS NOT NULL;
INSERT INTO event SELECT n, now(), 'e' || n, 'me', 'x', now(), '{}', '{}', NULL, NULL, NULL, '\\x0102'
    FROM generate_series(1, 3) AS n;
"""


def test_a_log_from_before_becomes_the_first_partition() -> None:
    migration = import_module("marcus_events.migrations.0012_partitions")
    owners = import_module("marcus_events.migrations.0018_identity_owner")
    with connect("test", autocommit=True) as own:
        own.execute(OLD.encode())
        try:
            migration.divide(None, SimpleNamespace(connection=own))
            for _ in range(2):  # interrupted, it begins again
                for statement in owners.BUILD:
                    own.execute(statement.encode())
            assert [(found.table, found.until) for found in partitions(own)] == [("event_0", SIZE)]
            places = append(own, [entry_from(event) for event in [old_event("e2"), old_event("new")]])
            assert [(place.position, place.fresh) for place in places] == [(2, False), (4, True)]
            indexes = own.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'old' AND tablename = 'event'")
            assert indexes.fetchone() == (3,)
        finally:
            own.execute("DROP SCHEMA old CASCADE")


def old_event(event_id: str) -> Event:
    return Event(event_id, utc_now(), "x", "me", {})
