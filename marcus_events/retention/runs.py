"""Retention runs: apply all policies, once an hour, in one process at a time (an advisory lock).

1. Find the removal horizon of each policy.
2. Finish what a killed run had begun.
3. Drop the partitions in which no policy keeps an event.
4. Remove or thin single events, the most specific policy first.
5. Record in the table of runs what was done. The log records it before it happens: see `removal_declarations`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from django.db import close_old_connections

from marcus_events.core.event import utc_now
from marcus_events.core.lifecycle import Declared, PeriodicTask
from marcus_events.log import event_deletion, partition_removal
from marcus_events.log.advisory_lock import try_advisory_lock
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.partitions import Connection
from marcus_events.log.sql_filter import NOTHING, Condition, up_to
from marcus_events.log.writer import WRITER
from marcus_events.models import RetentionPolicy, RetentionRun
from marcus_events.retention import deletion
from marcus_events.retention.horizon import RemovalHorizon, removal_horizon
from marcus_events.retention.policies import Governed, governed
from marcus_events.retention.removal_declarations import check_accounted, declare_range, unfinished
from marcus_events.retention.thinning import thin
from marcus_events.search import index_partitions

logger = logging.getLogger(__name__)

LOCK = 0x72657461696E  # the advisory lock of a run
RUN_INTERVAL = timedelta(hours=1)
CHECK_INTERVAL_S = 60.0  # how often a worker checks whether a run is due
# A partition is dropped only when its readers end within this time: as long as the run waits for its lock, no new
# partition can be made. Otherwise the next run drops it.
LOCK_TIMEOUT = "3s"
PARTITIONS = "whole partitions"
BUSY = "Another run is in progress."


class RetentionBusy(RuntimeError):
    """Another process runs retention now."""


@dataclass
class PolicyTask:
    """A policy, the events that it governs, and its removal horizon now."""

    governed: Governed
    horizon: RemovalHorizon

    @property
    def policy(self) -> RetentionPolicy:
        return self.governed.policy

    @property
    def condition(self) -> Condition:
        return self.governed.condition

    @property
    def removed(self) -> Condition:
        """The events that the policy removes; none for one that thins, since it keeps some of every partition."""
        if self.policy.act != RetentionPolicy.Act.REMOVE:
            return NOTHING
        return up_to(self.condition, self.horizon.position)


@dataclass
class RetentionRunner:
    """One run: its record, its connection and its policies."""

    record: RetentionRun
    connection: Connection
    tasks: Sequence[PolicyTask]

    def run(self) -> None:
        try:
            self.resume()
            self.drop_partitions()
        except psycopg.errors.LockNotAvailable:
            self.record.error = "An old partition of the log is in use. The next run drops it."
        for task in self.tasks:
            self.apply(task)
        self.record.oldest = event_deletion.move_oldest(self.connection)
        index_partitions.forget_before(self.record.oldest)

    def resume(self) -> None:
        """Delete what is declared and still there. Raises LockNotAvailable at a partition that is being read."""
        partition_removal.finish(self.connection)
        for removal in unfinished(self.connection):
            for partition in deletion.fully_declared_partitions(self.connection, removal):
                count, size = partition_removal.drop(self.connection, partition)
                self.record.partitions += 1
                self.record.bytes_freed += size
                self.count(PARTITIONS, count)
            self.count("declared by an earlier run", deletion.delete_declared(self.connection, removal, self.record.pk))

    def drop_partitions(self) -> None:
        """Drop partitions from the oldest on. Raises LockNotAvailable at one that is being read."""
        conditions = [task.removed for task in self.tasks]
        farthest = max((task.horizon.position for task in self.tasks), default=0)
        for partition in deletion.partitions_up_to(self.connection, farthest):
            if partition_removal.holds_any(self.connection, partition, conditions):
                continue
            first = max(partition.first, 1)
            declare_range(self.connection, self.record.pk, PARTITIONS, first, partition.until)
            self.resume()

    def apply(self, task: PolicyTask) -> None:
        """Remove or thin the events between the horizon of the last run and that of this one."""
        policy, until = task.policy, task.horizon.position
        act = thin if policy.act == RetentionPolicy.Act.THIN else deletion.remove_governed
        if until > policy.done_to:
            name = str(policy)
            self.count(name, act(self.connection, self.record.pk, name, task.condition, policy.done_to, until))
            RetentionPolicy.objects.filter(pk=policy.pk).update(done_to=until)

    def count(self, what: str, removed: int) -> None:
        """Add removed events to the record of the run."""
        if removed:
            self.record.removed += removed
            self.record.removed_by[what] = self.record.removed_by.get(what, 0) + removed
            self.record.save()


def run(now: datetime | None = None) -> RetentionRun | None:
    """Apply all policies now; None where there is none. Raises RetentionBusy, or psycopg.OperationalError."""
    now = now or utc_now()
    with connect("retention", autocommit=True) as connection, try_advisory_lock(connection, LOCK) as is_alone:
        if not is_alone:
            raise RetentionBusy(BUSY)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        tasks = due(now)
        return recorded_run(connection, tasks, now) if tasks else None


def due(now: datetime) -> list[PolicyTask]:
    """A task for each enabled policy, the most specific first."""
    found = governed(RetentionPolicy.objects.all())
    horizons = {days: removal_horizon(timedelta(days=days), now) for days in {one.policy.keep_days for one in found}}
    return [PolicyTask(one, horizons[one.policy.keep_days]) for one in found]


def recorded_run(connection: Connection, tasks: Sequence[PolicyTask], now: datetime) -> RetentionRun:
    """Run the tasks, and record how the run ends."""
    record = RetentionRun.objects.create(started_at=now, held_by=subscriptions_in(tasks, "held_by"))
    record.passed_over = subscriptions_in(tasks, "passed_over")
    try:
        check_accounted(connection)
        RetentionRunner(record, connection, tasks).run()
    except Exception as error:
        record.error = f"{type(error).__name__}: {error}"[:1000]
        raise
    finally:
        record.ended_at = utc_now()
        record.save()
    return record


def subscriptions_in(tasks: Sequence[PolicyTask], field: str) -> str:
    return ", ".join(sorted({name for task in tasks for name in getattr(task.horizon, field)}))


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
    "retention", lambda: PeriodicTask("retention", run_when_due, CHECK_INTERVAL_S), needs=(WRITER,)
)


def is_due(now: datetime) -> bool:
    if not RetentionPolicy.objects.filter(enabled=True).exists():
        return False
    return not RetentionRun.objects.filter(started_at__gt=now - RUN_INTERVAL).exists()
