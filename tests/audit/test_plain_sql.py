"""Attacks by SQL: verification names the position of each, whatever the triggers let through."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from marcus_events.audit.hash_chain import seal_next, verify
from marcus_events.audit.redaction import redact
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.log.leaves import LEAF_BYTES, leaf_of
from marcus_events.models import Redaction, RetentionRun
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.retention import runs
from marcus_events.retention.removal_declarations import declare_range
from tests.audit.reading import behind_the_back, fill, on_record
from tests.retention.test_runs import policy

pytestmark = pytest.mark.usefixtures("log")
NUMBER = 40
RUN = """INSERT INTO retention_run (id, started_at, removed, removed_by, partitions, bytes_freed, oldest, held_by,
    passed_over, error) VALUES (4711, now(), 2, '{}', 0, 0, 0, '', '', '')"""
MARKER = {"redacted": True, "by": "ada", "at": "2030-01-01T00:00:00+00:00", "reason": "a secret"}
COPY = """INSERT INTO event SELECT %s, recorded_at, event_id || 'x', source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id FROM event WHERE position = 33"""
REDACT = """INSERT INTO redaction (position, by, reason, at, marker, metadata, leaf, marked, record)
    VALUES (%s, 'ada', 'a secret', '2030-01-01T00:00:00Z', %s, '{}', '', '', %s)"""
FORGE = """WITH moved AS (UPDATE log_head SET position = position + 1 RETURNING position, recorded_at)
    INSERT INTO event (position, recorded_at, event_id, source, event_type, timestamp, data, metadata)
    SELECT position, recorded_at, 'forged' || position, %s, %s, '2030-01-01T00:00:00Z', %s, %s FROM moved
    RETURNING position"""


@pytest.fixture(autouse=True)
def sealed(log: None) -> None:
    for start in (1, 21):
        fill(20, start)
        while seal_next(timeout_s=0):
            pass


def sql(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def places() -> list[int]:
    return [fault.position for fault in verify().faults]


def forge(event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> int:
    """An event that is appended past the application."""
    [(position,)] = sql(FORGE, source, event_type, json.dumps(data), json.dumps(metadata or {}))
    return int(position)


def removed(until: int, **fields: Any) -> None:
    """By the application itself, up to a position."""
    policy(**fields)
    catch_up(PROJECTIONS)
    while seal_next(timeout_s=0):
        pass
    behind = read.event(until + 1)
    assert behind
    assert runs.run(behind.recorded_at + timedelta(days=30))


# An event that is replaced


def test_a_redaction_row_without_a_record_is_refused_and_found() -> None:
    sql(REDACT, 33, json.dumps(MARKER), 4711)
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("UPDATE event SET data = %s, metadata = '{}' WHERE position = 33", json.dumps(MARKER))
    assert places() == [33]


def replaced(position: int, marker: dict[str, Any], *, record: int, metadata: str = "{}") -> None:
    """What the issue's attack did, as thoroughly as it can be done: leaves and all."""
    body = json.dumps(marker)
    sql(REDACT, position, body, record)
    behind_the_back(
        "event", "UPDATE event SET data = %s, metadata = %s WHERE position = %s", [body, metadata, position]
    )
    fix_leaves(position)


def fix_leaves(position: int) -> None:
    """So that the redaction agrees with the chain and with what stands there."""
    start = (position - 1) % 20 * LEAF_BYTES + 1
    behind_the_back(
        "redaction",
        f"""UPDATE redaction AS r SET metadata = e.metadata, marked = {leaf_of()}, leaf = substring(
            (SELECT leaves FROM seal WHERE r.position BETWEEN first AND last) FROM {start} FOR {LEAF_BYTES})
        FROM event AS e WHERE e.position = r.position AND r.position = {position}""",
    )


@pytest.mark.parametrize("record", [4711, 12, 33])
def test_a_replaced_event_whose_record_is_none(record: int) -> None:
    """There is none, or it is an ordinary event, or the event itself."""
    replaced(33, MARKER, record=record)
    assert places() == [33]


def leaves(position: int) -> dict[str, str]:
    row = Redaction.objects.get(position=position)
    return {"leaf": bytes(row.leaf).hex(), "marked": bytes(row.marked).hex()}


def forged_record(position: int, /, **changes: Any) -> int:
    """The best forgery: an event that says all that a record says. It is in the trail for good."""
    data = {"by": "ada", "address": "", "position": position, "reason": "a secret", "type": "task_progress"}
    source = changes.pop("source", "user:ada")
    kind = changes.pop("event_type", "event_redacted")
    cause = {"causation_id": changes.pop("cause", f"e{position}")}
    return forge(kind, source, data | leaves(position) | changes, cause)


def test_a_forgery_that_says_all_that_a_record_says_is_in_the_trail() -> None:
    """The limit of what can be found: it is sealed from then on, and everybody sees it."""
    replaced(33, MARKER, record=0)
    record = forged_record(33)
    behind_the_back("redaction", "UPDATE redaction SET record = %s", [record])
    assert verify().is_whole
    assert [event.data["position"] for event in on_record("event_redacted")] == [33]


@pytest.mark.parametrize(
    "changes",
    [
        {"position": 34},
        {"position": "33"},
        {"source": "planner"},
        {"by": "eve"},
        {"reason": "another"},
        {"event_type": "task_progress"},
        {"leaf": "00" * 16},
        {"marked": "00" * 16},
        {"type": "task_completed"},
        {"cause": "e34"},
    ],
)
def test_a_record_that_says_something_else(changes: dict[str, Any]) -> None:
    replaced(33, MARKER, record=0)
    behind_the_back("redaction", "UPDATE redaction SET record = %s", [forged_record(33, **changes)])
    assert places() == [33]


@pytest.mark.parametrize(
    "marker",
    [
        MARKER | {"message": "a lie"},
        MARKER | {"reason": "a lie"},
        MARKER | {"at": "2031-01-01T00:00:00+00:00"},
        MARKER | {"at": "2030-01-01"},
        MARKER | {"redacted": 1},
        {"redacted": True},
        {},
    ],
)
def test_a_marker_of_another_form(marker: dict[str, Any]) -> None:
    replaced(33, marker, record=0)
    behind_the_back("redaction", "UPDATE redaction SET record = %s", [forged_record(33)])
    assert places() == [33]


def test_metadata_that_no_redaction_leaves() -> None:
    replaced(33, MARKER, record=0, metadata='{"message": "a lie"}')
    behind_the_back("redaction", "UPDATE redaction SET record = %s", [forged_record(33)])
    assert places() == [33]


def test_a_second_redaction_on_the_record_of_another() -> None:
    record = redact(12, "ada", "a secret")
    assert verify().is_whole
    replaced(33, MARKER, record=record)
    assert places() == [33]


@pytest.mark.parametrize("column", ["by = 'eve'", "reason = 'x'", "at = now()", "marker = '{}'", "metadata = '{}'"])
def test_a_row_that_says_otherwise_than_the_record(column: str) -> None:
    redact(33, "ada", "a secret")
    behind_the_back("redaction", f"UPDATE redaction SET {column}")
    assert places() == [33]


def test_an_honest_record_that_is_edited_or_deleted() -> None:
    record = redact(33, "ada", "a secret")
    assert verify().is_whole
    behind_the_back("event", 'UPDATE event SET data = data || \'{"reason": "x"}\' WHERE position = %s', [record])
    assert places() == [33, record]
    behind_the_back("event", "DELETE FROM event WHERE position = %s", [record])
    assert places() == [33, record]


def test_a_redaction_that_is_taken_back() -> None:
    before = read.event(33)
    assert before
    record = redact(33, "ada", "a secret")
    data, metadata = json.dumps(before.data), json.dumps(before.metadata)
    behind_the_back("event", "UPDATE event SET data = %s, metadata = %s WHERE position = 33", [data, metadata])
    assert places() == [33]
    behind_the_back("redaction", "DELETE FROM redaction")
    [fault] = verify().faults
    assert (fault.position, f"event {record} says" in fault.words) == (33, True)


def test_a_redaction_row_of_no_event() -> None:
    for position in (-3, NUMBER + 1_000):
        sql(REDACT, position, json.dumps(MARKER), 4711)
    assert places() == [-3, NUMBER + 1_000]


# An event that is gone


def test_a_deletion_in_an_open_run_needs_an_entry_and_is_found() -> None:
    sql(RUN)
    with transaction.atomic():
        sql("SELECT set_config('marcus.removal', '4711', true)")
        with pytest.raises(IntegrityError), transaction.atomic():
            sql("DELETE FROM event WHERE position = 33")
        [(entry,)] = sql("INSERT INTO removal (run_id, positions) VALUES (4711, '{[33,34)}') RETURNING id")
        sql("SELECT set_config('marcus.removal', %s, true)", str(entry))
        with pytest.raises(IntegrityError), transaction.atomic():
            sql("DELETE FROM event WHERE position = 34")
        sql("DELETE FROM event WHERE position = 33")
    assert {fault.words for fault in verify().faults} == {
        "the event is missing without a record of its removal",
        "position 33: recorded as removed, but no sealed event accounts for it",
    }
    assert set(places()) == {33}


def test_an_entry_that_is_added_or_widened_after_an_honest_removal() -> None:
    removed(20)
    assert verify().is_whole
    behind_the_back("event", "DELETE FROM event WHERE position = 33")
    assert places() == [33]
    sql("INSERT INTO removal (positions, is_done) VALUES ('{[33,34)}', true)")
    assert set(places()) == {33}
    sql("DELETE FROM removal WHERE lower(positions) = 33")
    sql("UPDATE removal SET positions = '{[1,21), [33,34)}'")
    assert set(places()) == {33}


def test_an_entry_that_is_not_there_any_more() -> None:
    removed(20)
    sql("DELETE FROM removal")
    [fault] = verify().faults
    assert (fault.position, "no longer recorded as removed" in fault.words) == (1, True)


def test_no_more_is_removed_while_the_table_is_not_what_the_log_says() -> None:
    removed(20)
    sql("INSERT INTO removal (positions, is_done) VALUES ('{[33,34)}', true)")
    with pytest.raises(RuntimeError, match="verify"):
        runs.run(utc_now() + timedelta(days=60))
    assert read.event(21)


def test_the_event_that_accounts_is_deleted_or_edited() -> None:
    removed(20)
    assert verify().is_whole
    [record] = on_record("events_removed")
    behind_the_back("event", "DELETE FROM event WHERE position = 33")
    sql("UPDATE removal SET positions = positions + '{[33,34)}'")
    digest = "encode(sha256(convert_to((SELECT range_agg(positions)::text FROM removal), 'UTF8')), 'hex')"
    change = (
        f"UPDATE event SET data = data || jsonb_build_object('digest', {digest}) WHERE position = {record.position}"
    )
    behind_the_back("event", change)
    assert record.position in places()
    behind_the_back("event", f"DELETE FROM event WHERE position = {record.position}")
    assert {33, record.position} <= set(places())


def test_an_event_that_accounts_counts_from_the_application_alone() -> None:
    """`planner` is any program's source."""
    sql("INSERT INTO removal (positions, is_done) VALUES ('{[33,34)}', true)")
    behind_the_back("event", "DELETE FROM event WHERE position = 33")
    [(digest,)] = sql("SELECT encode(sha256(convert_to('{[33,34)}', 'UTF8')), 'hex')")
    forge("events_removed", "planner", {"digest": digest, "ranges": "{[33,34)}", "all": "{[33,34)}"})
    assert set(places()) == {33}


def test_many_scattered_removals_are_accounted_for_without_being_stated_in_full() -> None:
    each = ("task_progress", "task_started")
    stated = [Event(f"s{n}", utc_now(), each[n % 2], "marcus", {"task_id": "t"}, {}) for n in range(1_000)]
    ingest(stated)
    fill(1, 5_000)
    removed(NUMBER + 1_000, pattern="task_progress")
    [newest] = on_record("events_removed")
    assert (newest.data["total"], "all" in newest.data) == (NUMBER + 500, False)
    assert len(newest.data["ranges"]) <= 2_010
    assert verify().is_whole
    behind_the_back("event", f"DELETE FROM event WHERE position = {NUMBER + 500}")
    assert places() == [NUMBER + 500]
    sql("INSERT INTO removal (positions, is_done) VALUES (%s, true)", f"{{[{NUMBER + 500},{NUMBER + 501})}}")
    assert not verify().is_whole


# The numbers of the log


@pytest.mark.parametrize("oldest", [2, 34, NUMBER + 1, 5_000, 0, -3])
def test_a_beginning_that_is_not_where_the_log_begins(oldest: int) -> None:
    sql("UPDATE log_head SET oldest = %s", oldest)
    assert places() == [min(oldest, 1)]


def test_what_is_declared_as_removed_may_stand_before_the_beginning_for_a_while() -> None:
    """As a partition that somebody reads while it is dropped."""
    removed(20)
    sql("UPDATE log_head SET oldest = 41")
    assert places() == [21]
    with connect("test", autocommit=True) as own:
        declare_range(own, RetentionRun.objects.latest("pk").pk, "a test", 21, 41)
    assert verify().is_whole


def test_deleted_events_before_a_raised_beginning() -> None:
    behind_the_back("event", "DELETE FROM event WHERE position <= 30")
    sql("UPDATE log_head SET oldest = 31")
    assert places() == [1, 21]


@pytest.mark.parametrize("position", [0, -1, -7_000, NUMBER + 5, NUMBER + 5_000])
def test_a_row_outside_of_the_numbers(position: int) -> None:
    sql(COPY, position)
    assert places() == [position]


@pytest.mark.parametrize("more", [1, 1_000, 5_000_000])
def test_a_head_beyond_what_there_is(more: int) -> None:
    sql("UPDATE log_head SET position = position + %s", more)
    assert places() == [NUMBER + 1]


def test_a_head_before_what_there_is() -> None:
    sql("UPDATE log_head SET position = 35")
    assert set(places()) == {36, 37, 38, 39, 40}


def test_a_gap_in_what_is_not_sealed_yet() -> None:
    sql("UPDATE log_head SET position = position + 3")
    fill(2, 100)
    assert places() == [NUMBER + 1]


def test_an_event_before_the_beginning_of_the_chain() -> None:
    behind_the_back("seal", "DELETE FROM seal WHERE last = 20")
    assert 1 in places()


def test_an_event_where_one_was_removed() -> None:
    removed(20)
    assert verify().is_whole
    sql(COPY, 5)
    assert set(places()) == {5}


def test_another_epoch_does_not_bless_what_was_changed() -> None:
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 7")
    sql("UPDATE log_head SET epoch = gen_random_uuid()")
    assert places() == [7]


def test_two_events_at_one_position() -> None:
    """Somebody who owns the tables takes the primary key away."""
    sql("ALTER TABLE event DROP CONSTRAINT event_pkey")
    try:
        sql(COPY, 12)
        assert set(places()) == {12}
    finally:
        behind_the_back("event", "DELETE FROM event WHERE event_id LIKE '%x'")
        sql("ALTER TABLE event ADD PRIMARY KEY (position)")
