"""Attacks by plain SQL, with every trigger in place: verification names the position of each."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from marcus_events.sealing import seal_next, verify
from tests.audit.reading import fill

pytestmark = pytest.mark.usefixtures("log")
NUMBER = 40
RUN = """INSERT INTO retention_run (id, started_at, removed, removed_by, partitions, bytes_freed, oldest, held_by,
    passed_over, error) VALUES (1, now(), 2, '{}', 0, 0, 0, '', '', '')"""
MARKER = '{"redacted": true, "by": "ada", "at": "2030-01-01T00:00:00+00:00", "reason": "a secret"}'
INSERT = """INSERT INTO event SELECT %s, recorded_at, event_id || %s, source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id FROM event WHERE position = 33"""


@pytest.fixture(autouse=True)
def sealed(log: None) -> None:
    for start in (1, 21):
        fill(20, start)
        while seal_next(patience_s=0):
            pass


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def places() -> list[int]:
    return [fault.position for fault in verify().faults]


def test_a_redaction_row_without_a_record() -> None:
    sql(
        """INSERT INTO redaction (position, by, reason, at, marker, metadata, leaf, marked, record)
        SELECT 33, 'ada', '', now(), %s, '{}', substring(leaves FROM 16 * 12 + 1 FOR 16), '', 4711 FROM seal
        WHERE last = 40""",
        MARKER,
    )
    sql("UPDATE redaction SET record = record") if False else None
    assert places() == [33]


def test_a_deletion_in_an_open_run() -> None:
    sql(RUN)
    sql("SELECT set_config('marcus.removal', '1', false)")
    sql("INSERT INTO removal VALUES (1, '{[33,34)}')")
    sql("DELETE FROM event WHERE position = 33")
    assert places() == [33]


def test_a_raised_beginning() -> None:
    sql(RUN)
    sql("SELECT set_config('marcus.removal', '1', false)")
    sql("DELETE FROM event WHERE position <= 5")
    sql("UPDATE log_head SET oldest = 6")
    assert places() == [1]


@pytest.mark.parametrize("position", [0, -7, NUMBER + 5])
def test_a_row_outside_of_the_numbers(position: int) -> None:
    sql(INSERT, position, "x")
    assert places() == [position]
