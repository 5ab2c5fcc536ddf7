"""A run of all policies, once an hour in whichever process has the lock.

1. For each policy, see how far it reaches.
2. Finish what a run that was killed had begun.
3. Drop the partitions that hold nothing which any policy keeps.
4. Remove single events, or thin them, the most special policy first.
5. Say in the table of runs what was done. The log says it before it happens: see `declaring`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from django.db import close_old_connections

from marcus_events.core.event import utc_now
from marcus_events.core.lifecycle import Declared, PeriodicTask
from marcus_events.log import event_deletion, partition_removal
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.partitions import Connection
from marcus_events.log.sql_filter import NOTHING, Condition, up_to
from marcus_events.log.writer import WRITER
from marcus_events.models import RetentionPolicy, RetentionRun
from marcus_events.retention import deletion
from marcus_events.retention.horizon import Reach, reach
from marcus_events.retention.policies import Governed, governed
from marcus_events.retention.removal_declarations import check_accounted, declare_range, undone
from marcus_events.retention.thinning import thin
from marcus_events.search import index_partitions

logger = logging.getLogger(__name__)

LOCK = 0x72657461696E  # of whoever removes
EVERY = timedelta(hours=1)
LOOK_EVERY_S = 60.0
WHOLE = "whole partitions"
BUSY = "Another run is in progress."


class RetentionBusy(RuntimeError):
    """Another process is removing."""


@dataclass
class PolicyTask:
    """A policy, and how far it reaches now."""

    governed: Governed
    reach: Reach

    @property
    def policy(self) -> RetentionPolicy:
        return self.governed.policy

    @property
    def condition(self) -> Condition:
        return self.governed.condition

    @property
    def reached(self) -> Condition:
        """What it removes of any partition; a policy that thins keeps something of everything."""
        if self.policy.act != RetentionPolicy.Act.REMOVE:
            return NOTHING
        return up_to(self.condition, self.reach.position)


@dataclass
class RetentionRunner:
    """One run: its record, its connection, and what it has done so far."""

    record: RetentionRun
    connection: Connection
    tasks: Sequence[PolicyTask]
    stop: threading.Event = field(default_factory=threading.Event)

    def all(self) -> None:
        try:
            self.resume()
            self.drop_partitions()
        except psycopg.errors.LockNotAvailable:
            self.record.error = "An old partition of the log is in use. The next run drops it."
        for task in self.tasks:
            self.one(task)
        self.record.oldest = event_deletion.move_oldest(self.connection)
        index_partitions.forget_before(self.record.oldest)

    def resume(self) -> None:
        """Remove what is declared and still there. Raises LockNotAvailable at a partition that somebody reads."""
        partition_removal.finish(self.connection)
        for entry in undone(self.connection):
            for partition in deletion.within(self.connection, entry):
                count, size = partition_removal.drop(self.connection, partition)
                self.record.partitions += 1
                self.record.bytes_freed += size
                self.count(WHOLE, count)
            self.count("declared by an earlier run", deletion.carry_out(self.connection, entry, self.record.pk))

    def drop_partitions(self) -> None:
        """From the oldest on. Raises LockNotAvailable at one that somebody reads."""
        conditions = [task.reached for task in self.tasks]
        farthest = max((task.reach.position for task in self.tasks), default=0)
        for partition in deletion.whole(self.connection, farthest):
            if partition_removal.holds_any(self.connection, partition, conditions):
                continue
            first = max(partition.first, 1)
            declare_range(self.connection, self.record.pk, WHOLE, first, partition.until)
            self.resume()

    def one(self, task: PolicyTask) -> None:
        policy, until = task.policy, task.reach.position
        act = thin if policy.act == RetentionPolicy.Act.THIN else deletion.remove
        if until > policy.done_to:
            words = str(policy)
            self.count(words, act(self.connection, self.record.pk, words, task.condition, policy.done_to, until))
            RetentionPolicy.objects.filter(pk=policy.pk).update(done_to=until)

    def count(self, what: str, removed: int) -> None:
        if removed:
            self.record.removed += removed
            self.record.removed_by[what] = self.record.removed_by.get(what, 0) + removed
            self.record.save()


def run(now: datetime | None = None) -> RetentionRun | None:
    """Do now what is due; None where there is no policy. Raises Busy, or psycopg.OperationalError."""
    now = now or utc_now()
    with connect("retention", autocommit=True) as connection:
        if connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() != (True,):
            raise RetentionBusy(BUSY)
        deletion.be_patient(connection)
        tasks = due(now)
        return carry_out(connection, tasks, now) if tasks else None


def due(now: datetime) -> list[PolicyTask]:
    found = governed(RetentionPolicy.objects.all())
    reaches = {days: reach(timedelta(days=days), now) for days in {one.policy.keep_days for one in found}}
    return [PolicyTask(one, reaches[one.policy.keep_days]) for one in found]


def carry_out(connection: Connection, tasks: Sequence[PolicyTask], now: datetime) -> RetentionRun:
    record = RetentionRun.objects.create(started_at=now, held_by=names(tasks, "held_by"))
    record.passed_over = names(tasks, "passed_over")
    try:
        check_accounted(connection)
        RetentionRunner(record, connection, tasks).all()
    except Exception as error:
        record.error = f"{type(error).__name__}: {error}"[:1000]
        raise
    finally:
        record.ended_at = utc_now()
        record.save()
    return record


def names(tasks: Sequence[PolicyTask], what: str) -> str:
    return ", ".join(sorted({name for task in tasks for name in getattr(task.reach, what)}))


def run_when_due(requested: bool | None) -> None:
    """Run if somebody asked for it, or if the last run, by whomever, is an hour ago. Never raises."""
    try:
        if requested or is_due(utc_now()):
            run()
    except RetentionBusy:
        pass
    except CONNECTION_ERRORS as error:
        logger.debug("retention is waiting for the database: %s", error)
    except Exception:
        logger.exception("a retention run failed")
    finally:
        close_old_connections()


RETENTION: Declared[PeriodicTask[bool]] = Declared(
    "retention", lambda: PeriodicTask("retention", run_when_due, LOOK_EVERY_S), needs=(WRITER,)
)


def is_due(now: datetime) -> bool:
    if not RetentionPolicy.objects.filter(enabled=True).exists():
        return False
    return not RetentionRun.objects.filter(started_at__gt=now - EVERY).exists()
