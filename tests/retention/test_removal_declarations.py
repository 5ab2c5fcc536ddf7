"""Retention accounts for what it removes: the log verifies afterwards, whatever went, and whatever it was proof of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marcus_events.audit.hash_chain import seal_next, verify
from marcus_events.audit.hash_chain.chain import BLOCK
from marcus_events.audit.redaction import redact
from marcus_events.log import read
from marcus_events.models import Redaction, RetentionRun
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.retention import runs
from tests.audit.reading import fill, on_record
from tests.retention.test_runs import KEEP, policy, publish, small_partitions  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("log")


def seal_all() -> None:
    while seal_next(timeout_s=0):
        pass


def run_up_to(position: int, later: timedelta = timedelta()) -> RetentionRun:
    seal_all()
    catch_up(PROJECTIONS)
    behind = read.event(position + 1)
    assert behind
    done = runs.run(behind.recorded_at + KEEP + later)
    assert done
    return done


def test_one_event_accounts_for_all_that_was_ever_removed() -> None:
    policy()
    for start in (1, 101, 201):
        fill(20, start)
    for until in (20, 40):
        run_up_to(until)
        assert verify().is_whole
    first, second = on_record("events_removed")
    assert (first.data["all"], second.data["all"]) == ("{[1,21)}", "{[1,41)}")
    fill(1, 301)
    run_up_to(first.position)  # removes the first one, too
    assert read.event(first.position) is None
    assert (verify().is_whole, verify().removed) == (True, first.position)


def test_the_record_of_a_redacted_event_that_stays_is_written_again() -> None:
    policy("event_redacted")
    fill(20)
    record = redact(7, "ada", "a secret", "192.0.2.7")
    before = read.event(record)
    fill(1, 101)
    run_up_to(record)
    assert (read.event(record), before is not None) == (None, True)
    [again] = on_record("event_redacted")
    assert before
    assert again.data == before.data | {"stated": "again"}
    assert (again.event.timestamp, again.source) == (before.event.timestamp, before.source)
    assert Redaction.objects.get().record == again.position
    assert (verify().is_whole, verify().redacted) == (True, 1)


def test_the_record_of_a_redacted_event_that_goes_too_is_not_needed() -> None:
    policy()
    fill(20)
    record = redact(7, "ada", "a secret")
    fill(1, 101)
    run_up_to(record)
    assert on_record("event_redacted") == []
    assert verify().is_whole


def test_the_beginning_of_the_chain_is_written_again() -> None:
    policy()
    fill(BLOCK + 1)
    seal_all()
    [begun] = on_record("chain_begun")
    fill(1, 5_000)
    run_up_to(begun.position)
    [again] = on_record("chain_begun")
    assert (again.position > begun.position, again.data["position"]) == (True, begun.data["position"])
    assert verify().is_whole


def test_a_redacted_event_that_is_removed_later() -> None:
    policy("task_progress")
    fill(20)
    record = redact(7, "ada", "a secret")
    fill(1, 101)
    assert run_up_to(record).removed == 20
    assert verify().is_whole
    assert read.event(record)


@pytest.mark.usefixtures("small_partitions")
def test_a_dropped_partition_that_held_the_record_of_a_redaction() -> None:
    policy("task_progress", keep_days=3650)
    policy()
    publish(*["task_progress"] * 9)
    record = redact(1_000_003, "ada", "a secret")
    assert record == 1_000_010
    publish(*["task_started"] * 10)
    publish("task_completed")
    done = run_up_to(1_000_020)
    assert (done.partitions, read.event(record)) == (2, None)  # with the empty one below a million
    assert {fault.position for fault in verify().faults} <= {1_000_000}
    assert verify().redacted == 1
