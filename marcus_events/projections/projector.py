"""The projector: applies the events of the log to the projections.

A step of a projection reads the events after its checkpoint, writes its tables and saves the checkpoint in one
transaction. A killed process therefore resumes where it stopped, and a rebuild gives the same rows. Any number of
processes may run it: each step locks the checkpoint's row, and the others skip a locked projection.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from django.db import Error, close_old_connections, models, transaction

from marcus_events.core.event import RecordedEvent
from marcus_events.log import read
from marcus_events.log.listener import PROJECTED_CHANNEL, listener
from marcus_events.log.rows import execute
from marcus_events.models import Checkpoint

logger = logging.getLogger(__name__)

BATCH = 1_000  # events in a transaction
BATCH_BYTES = 1024 * 1024  # of them, as text: 1,000 of the largest would be 256 MiB, and several times that as objects
# In a rebuild, whose process does nothing else: the more events at once, the fewer rows are read again and ended.
REBUILD_BATCH, REBUILD_BATCH_BYTES = 4_000, 4 * 1024 * 1024
POLL_INTERVAL_S = 1.0
GATHER_S = 0.1  # after a step that reached the head: a step of one event costs nearly as much as one of twenty
ERROR_DELAY_S = 1.0
WAIT_FOR_DISK = "SET LOCAL synchronous_commit TO DEFAULT"  # a rebuild that is reported is not lost in a crash


class Projection(Protocol):
    """Tables that are a function of the log."""

    name: str
    tables: Sequence[type[models.Model]]

    def project(self, events: Sequence[RecordedEvent]) -> None:
        """Apply the events, which follow on those of the last call, in the caller's transaction."""

    def project_in_rebuild(self, events: Sequence[RecordedEvent]) -> None:
        """Like `project`, while nobody reads these rows yet: `finish_rebuild` follows after the last events."""
        self.project(events)

    def finish_rebuild(self) -> None:
        """Do what `project_in_rebuild` has left, in the caller's transaction."""
        return

    def clear(self) -> None:
        """Empty the tables, in the caller's transaction."""
        for table in self.tables:
            table._default_manager.all().delete()

    def tidy(self) -> None:
        """Release what `clear` has left, after the commit."""
        return


def step(projection: Projection, limit: int = BATCH, known: Sequence[RecordedEvent] = ()) -> Sequence[RecordedEvent]:
    """Project the next events, up to `limit` and about BATCH_BYTES, and return them.

    Returns nothing while another process has the checkpoint. `known` are events that another projection has just read;
    they are used if they are the next ones, since reading costs nearly as much as projecting.
    """
    with transaction.atomic():
        checkpoint = lock_checkpoint(projection)
        if checkpoint is None:
            return []
        if is_other := checkpoint.epoch != (epoch := read.head().epoch):
            reset(projection, checkpoint, epoch)
        is_next = known and not is_other and known[0].position == checkpoint.position + 1
        events = known if is_next else read.following(checkpoint.position, limit, max_bytes=BATCH_BYTES)
        if events:
            advance(projection, checkpoint, events)
    if is_other:
        projection.tidy()
    if events:
        notify_projected(events[-1].position)
    return events


def batches(until: int) -> Iterator[list[RecordedEvent]]:
    """Yield the events of the log up to the position `until`, as many at once as a rebuild projects."""
    position = 0
    while events := read.following(position, min(REBUILD_BATCH, until - position), max_bytes=REBUILD_BATCH_BYTES):
        yield events
        position = events[-1].position


def lock_checkpoint(projection: Projection) -> Checkpoint | None:
    """Lock and return the checkpoint; None if another process holds it."""
    mine = Checkpoint.objects.select_for_update(skip_locked=True).filter(projection=projection.name)
    if found := mine.first():
        return found
    defaults = {"position": 0, "epoch": UUID(int=0)}
    _, is_new = Checkpoint.objects.get_or_create(projection=projection.name, defaults=defaults)
    return mine.first() if is_new else None


def reset(projection: Projection, checkpoint: Checkpoint, epoch: UUID) -> None:
    projection.clear()
    checkpoint.position, checkpoint.epoch = 0, epoch
    checkpoint.save()


def advance(projection: Projection, checkpoint: Checkpoint, events: Sequence[RecordedEvent]) -> None:
    projection.project(events)
    checkpoint.position = events[-1].position
    checkpoint.save()


def notify_projected(position: int) -> None:
    execute("SELECT pg_notify(%s, %s)", [PROJECTED_CHANNEL, str(position)])


def catch_up(projections: Sequence[Projection]) -> int:
    """Project all events that are in the log now; return their number, over all projections."""
    done = 0
    for projection in projections:
        while events := step(projection):
            done += len(events)
    return done


def rebuild(*projections: Projection, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Derive the tables of these projections from the whole log, which is read once for all of them.

    It is one transaction: readers see the old rows until the commit. Calls `progress` with the number of projected
    events and the position of the head. Returns the number of events.
    """
    with transaction.atomic():
        checkpoints = [wait_for_checkpoint(projection) for projection in projections]
        head = read.head()
        for projection, checkpoint in zip(projections, checkpoints, strict=True):
            reset(projection, checkpoint, head.epoch)
        done = position = 0
        for events in batches(head.position):
            for projection in projections:
                projection.project_in_rebuild(events)
            done, position = done + len(events), events[-1].position
            progress(done, head.position)
        for projection, checkpoint in zip(projections, checkpoints, strict=True):
            projection.finish_rebuild()
            checkpoint.position = position
            checkpoint.save()
        execute(WAIT_FOR_DISK)
    for projection in projections:
        projection.tidy()
    notify_projected(head.position)
    return done


def wait_for_checkpoint(projection: Projection) -> Checkpoint:
    """Lock and return the checkpoint, which is made if there is none, when no other process holds it."""
    Checkpoint.objects.get_or_create(projection=projection.name, defaults={"epoch": UUID(int=0)})
    return Checkpoint.objects.select_for_update().get(projection=projection.name)


def lag(projection: str) -> int:
    """Return how many positions a projection is behind the head."""
    return read.head().position - read.projected(projection)


class Projector:
    """Keeps projections up to date with the log.

    It survives errors of the database and of a projection: the failed step is retried, the other projections continue,
    and /readyz reports the lag.
    """

    def __init__(self, projections: Sequence[Projection]) -> None:
        self.projections = projections
        self._failing: set[str] = set()  # projections; each is told of once
        self._is_behind = False

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            seen = listener().written
            if not self.once(stop):
                stop.wait(GATHER_S)
                listener().wait_written(seen, POLL_INTERVAL_S)

    def once(self, stop: threading.Event) -> bool:
        """One step of each; whether the log had more than that."""
        found: list[Sequence[RecordedEvent] | None] = []
        known: Sequence[RecordedEvent] = ()
        self._is_behind = False
        for projection in self.projections:
            found.append(self._try_step(projection, known))
            known = found[-1] or ()
        if None in found:
            stop.wait(ERROR_DELAY_S)
        return self._is_behind

    def _try_step(self, projection: Projection, known: Sequence[RecordedEvent]) -> Sequence[RecordedEvent] | None:
        """Run a step and return its events; None if it failed."""
        try:
            events = step(projection, known=known)
            self._is_behind |= bool(events) and events[-1].position < read.head().position
        except Error as error:
            self._tell_once(projection, logger.warning, "%s is waiting for the database: %s", projection.name, error)
        except Exception:
            self._tell_once(projection, logger.exception, "%s has stopped", projection.name)
        else:
            self._failing.discard(projection.name)
            return events
        finally:
            close_old_connections()
        return None

    def _tell_once(self, projection: Projection, log: Callable[..., None], *what: object) -> None:
        if projection.name not in self._failing:
            self._failing.add(projection.name)
            log(*what)
