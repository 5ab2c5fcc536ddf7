"""Nobody edits or deletes an event, through whatever."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from marcus_events.audit.hash_chain import seal_next
from marcus_events.audit.redaction import redact
from marcus_events.core.event import Event, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.models import LoggedEvent, Redaction, Seal
from tests.audit.reading import fill

RUN = (
    """(id, started_at, ended_at, removed, removed_by, partitions, bytes_freed, oldest, held_by, passed_over, error)"""
)
REST = "0, '{}', 0, 0, 0, '', '', ''"
WHOLE = {"redacted": True, "by": "ada", "at": "", "reason": ""}

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(autouse=True)
def events(log: None) -> None:
    fill(3)
    seal_next(timeout_s=0)


@pytest.fixture
def truncation_guarded() -> Iterator[None]:
    """As in the product: for the others, tables are emptied between tests."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE event ENABLE TRIGGER kept_whole")
        yield
        cursor.execute("ALTER TABLE event DISABLE TRIGGER kept_whole")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = '{}' WHERE position = 2",
        "UPDATE event SET recorded_at = now() WHERE position = 2",
        "UPDATE event SET position = 9 WHERE position = 2",
        """UPDATE event SET data = '{"redacted": true, "by": "me", "at": "", "reason": ""}', metadata = '{}'""",
        "DELETE FROM event WHERE position = 2",
        "DELETE FROM event",
        "UPDATE seal SET hash = ''",
        "DELETE FROM seal",
    ],
)
def test_sql_is_refused(statement: str) -> None:
    with connect("test", autocommit=True) as own, pytest.raises(psycopg.errors.IntegrityError, match="is refused"):
        own.execute(statement)
    assert [event.event.data["n"] for event in read.following(0, 9)] == [1, 2, 3]
    assert Seal.objects.get().hash


@pytest.mark.usefixtures("truncation_guarded")
def test_emptying_the_table_is_refused() -> None:
    with connect("test", autocommit=True) as own, pytest.raises(psycopg.errors.IntegrityError, match="is refused"):
        own.execute("TRUNCATE event")
    assert LoggedEvent.objects.count() == 3


def test_django_is_refused() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LoggedEvent.objects.filter(position=2).update(source="somebody else")
    with pytest.raises(IntegrityError), transaction.atomic():
        LoggedEvent.objects.get(position=2).delete()
    event = LoggedEvent.objects.get(position=2)
    event.data = {}
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()
    assert LoggedEvent.objects.get(position=2).data["n"] == 2


def test_a_removal_needs_a_run_that_is_open_and_an_entry_that_holds_the_position() -> None:
    with connect("test", autocommit=True) as own:
        own.execute("INSERT INTO removal (positions) VALUES ('{[2,3)}')")  # of no run
        own.execute(f"INSERT INTO retention_run {RUN} VALUES (1, now(), NULL, {REST}), (2, now(), now(), {REST})")
        own.execute("INSERT INTO removal (run_id, positions) VALUES (1, '{[1,2)}'), (2, '{[2,3)}')")
        entries = [row[0] for row in own.execute("SELECT id FROM removal").fetchall()]
        for entry in [4711, *entries]:
            own.execute("SELECT set_config('marcus.removal', %s, false)", [str(entry)])
            with pytest.raises(psycopg.errors.IntegrityError, match="is refused"):
                own.execute("DELETE FROM event WHERE position = 2")


def test_a_redaction_changes_the_body_alone_and_to_what_is_recorded_and_written_down() -> None:
    marker = {"redacted": True, "by": "ada", "at": "", "reason": ""}
    kept: dict[str, str] = {"board_id": "shop"}
    leaves = {"leaf": b"", "marked": b"", "record": 4}
    Redaction.objects.create(
        position=2, by="", reason="", at="2030-01-01T00:00Z", marker=marker, metadata=kept, **leaves
    )
    rows = LoggedEvent.objects.filter(position=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(data=marker, metadata=kept)  # there is no record
    ingest([Event("record", utc_now(), "event_redacted", "user:ada", {"position": 2}, {})], Authority.SYSTEM)
    for change in ({"data": marker | {"more": 1}, "metadata": kept}, {"data": marker, "metadata": {"a": 1}}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(data=marker, metadata=kept, task_id=None)
    assert rows.update(data=marker, metadata=kept) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Redaction.objects.all().delete()


@pytest.mark.parametrize(
    ("marker", "kept"), [({"redacted": True}, {}), (WHOLE | {"message": "a lie"}, {}), (WHOLE, {"message": "a lie"})]
)
def test_a_redaction_leaves_the_marker_and_the_place_and_nothing_else(
    marker: dict[str, object], kept: dict[str, str]
) -> None:
    ingest([Event("record", utc_now(), "event_redacted", "user:ada", {"position": 2}, {})], Authority.SYSTEM)
    leaves = {"leaf": b"", "marked": b"", "record": 4}
    Redaction.objects.create(
        position=2, by="", reason="", at="2030-01-01T00:00Z", marker=marker, metadata=kept, **leaves
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        LoggedEvent.objects.filter(position=2).update(data=marker, metadata=kept)


def test_of_a_redaction_only_the_record_changes_and_to_one_of_the_same_event() -> None:
    first = redact(2, "ada", "a secret")
    [other] = ingest([Event("other", utc_now(), "event_redacted", "user:ada", {"position": 3}, {})], Authority.SYSTEM)
    [again] = ingest([Event("again", utc_now(), "event_redacted", "user:ada", {"position": 2}, {})], Authority.SYSTEM)
    rows = Redaction.objects.filter(position=2)
    for change in ({"record": other.position}, {"record": 1}, {"record": again.position, "reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    assert Redaction.objects.get().record == first
    assert rows.update(record=again.position) == 1
