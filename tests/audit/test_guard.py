"""Nobody edits or deletes an event, through whatever."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.models import LoggedEvent, Redaction, Seal
from marcus_events.sealing import seal_next
from tests.audit.reading import fill

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(autouse=True)
def events(log: None) -> None:
    fill(3)
    seal_next(patience_s=0)


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


def test_a_removal_needs_a_run_that_exists() -> None:
    with connect("test", autocommit=True) as own:
        own.execute("SET marcus.removal = '4711'")
        with pytest.raises(psycopg.errors.IntegrityError, match="is refused"):
            own.execute("DELETE FROM event WHERE position = 2")


def test_a_redaction_changes_the_body_alone_and_to_what_is_written_down() -> None:
    marker = {"redacted": True}
    kept: dict[str, str] = {}
    leaves = {"leaf": b"", "marked": b"", "record": 3}
    Redaction.objects.create(
        position=2, by="", reason="", at="2030-01-01T00:00Z", marker=marker, metadata=kept, **leaves
    )
    rows = LoggedEvent.objects.filter(position=2)
    for change in ({"data": {"redacted": True, "more": 1}, "metadata": kept}, {"data": marker, "metadata": {"a": 1}}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(data=marker, metadata=kept, task_id=None)
    assert rows.update(data=marker, metadata=kept) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Redaction.objects.all().delete()
