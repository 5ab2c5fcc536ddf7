"""An update states once what earlier versions had removed and redacted; from then on that is accounted for."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from marcus_events.audit.hash_chain import seal_next, verify
from marcus_events.audit.redaction import redact
from marcus_events.log import read
from tests.audit.reading import behind_the_back, fill, on_record

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(autouse=True)
def sealed(log: None) -> None:
    fill(30)
    while seal_next(timeout_s=0):
        pass


def updated() -> None:
    """The step of the migration that works on the data."""
    migration = import_module("marcus_events.migrations.0020_accounts")
    with transaction.atomic():
        migration.state(None, SimpleNamespace(connection=connection))


def places() -> set[int]:
    return {fault.position for fault in verify().faults}


def removed_by_an_earlier_version(first: int, last: int, *, is_noted: bool) -> None:
    behind_the_back("event", f"DELETE FROM event WHERE position BETWEEN {first} AND {last}")
    with connection.cursor() as cursor:
        if is_noted:
            entry = f"{{[{first},{last + 1})}}"
            cursor.execute("INSERT INTO removal (positions, is_done) VALUES (%s, true)", [entry])
        else:
            cursor.execute("UPDATE log_head SET oldest = %s", [last + 1])


def test_nothing_is_stated_where_nothing_was_removed() -> None:
    head = read.head().position
    updated()
    assert read.head().position == head
    assert verify().is_whole


def test_what_was_removed_singly_and_from_the_beginning() -> None:
    removed_by_an_earlier_version(1, 10, is_noted=False)
    removed_by_an_earlier_version(20, 21, is_noted=True)
    assert places() == {1, 20}
    updated()
    [record] = on_record("events_removed")
    assert (record.data["count"], record.data["all"]) == (12, "{[1,11),[20,22)}")
    assert (verify().is_whole, verify().removed) == (True, 12)
    behind_the_back("event", "DELETE FROM event WHERE position = 25")
    assert places() == {25}


def test_what_somebody_else_had_removed_stays_a_fault() -> None:
    removed_by_an_earlier_version(1, 10, is_noted=False)
    behind_the_back("event", "DELETE FROM event WHERE position = 25")
    updated()
    assert places() == {25}


def test_a_redaction_whose_record_was_removed() -> None:
    record = redact(15, "ada", "a secret")
    fill(1, 100)
    while seal_next(timeout_s=0):
        pass
    removed_by_an_earlier_version(record, record, is_noted=True)
    updated()
    assert (verify().is_whole, verify().redacted) == (True, 1)
    [again] = on_record("event_redacted")
    assert (again.position > record, again.data["reason"], again.data["stated"]) == (True, "a secret", "at an update")


def test_a_redaction_that_never_had_a_record_stays_a_fault() -> None:
    record = redact(15, "ada", "a secret")
    behind_the_back("redaction", "UPDATE redaction SET record = 4711")
    updated()
    assert 15 in places()
    assert on_record("event_redacted")[0].position == record
