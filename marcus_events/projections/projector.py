"""The projector: drives projections along the log.

A step of a projection reads the next events after its checkpoint, writes its tables and saves the checkpoint, all in
one transaction. So it may be killed at any moment and goes on where it was; and a rebuild gives the same rows. Any
number of processes may try: the checkpoint's row is locked by the one that is at work, the others leave it alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
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
POLL_INTERVAL_S = 1.0
GATHER_S = 0.1  # after a step that reached the head: a step of one event costs nearly as much as one of twenty
ERROR_DELAY_S = 1.0


class Projection(Protocol):
    """Tables that are a function of the log."""

    name: str
    tables: Sequence[type[models.Model]]

    def project(self, events: Sequence[RecordedEvent]) -> None:
        """Write what these events change, within the caller's transaction. They follow on those of the last call."""

    def clear(self) -> None:
        """Begin with nothing, within the caller's transaction."""
        for table in self.tables:
            table._default_manager.all().delete()

    def tidy(self) -> None:
        """Give back what was cleared, once that is committed."""
        return


def step(projection: Projection, limit: int = BATCH, known: Sequence[RecordedEvent] = ()) -> Sequence[RecordedEvent]:
    """Project the next events, at most so many and some BATCH_BYTES of them; which these were.

    Nothing while another process is at it. `known`, events that another projection has just read, are taken where they
    are the next ones: to read an event costs nearly as much as to count it.
    """
    with transaction.atomic():
        checkpoint = lock_checkpoint(projection)
        if checkpoint is None:
            return []
        if is_other := checkpoint.epoch != (epoch := read.head().epoch):
            reset(projection, checkpoint, epoch)
        is_next = known and not is_other and known[0].position == checkpoint.position + 1
        events = known if is_next else next_events(checkpoint, limit)
        if events:
            advance(projection, checkpoint, events)
    if is_other:
        projection.tidy()
    if events:
        notify_projected(events[-1].position)
    return events


def next_events(checkpoint: Checkpoint, limit: int, until: int | None = None) -> list[RecordedEvent]:
    """The next events, up to the position `until`."""
    left = limit if until is None else min(limit, max(until - checkpoint.position, 0))
    return read.following(checkpoint.position, left, max_bytes=BATCH_BYTES)


def lock_checkpoint(projection: Projection) -> Checkpoint | None:
    """The checkpoint, locked for us; None when somebody else holds it."""
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
    """Project all that is in the log now; how many events that were, over all projections."""
    done = 0
    for projection in projections:
        while events := step(projection):
            done += len(events)
    return done


def rebuild(projection: Projection, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Derive the tables anew from the whole log, in one transaction: readers see the old rows until it is done.

    `progress` is told how many events of how many are done. Returns how many events there were.
    """
    with transaction.atomic():
        Checkpoint.objects.get_or_create(projection=projection.name, defaults={"epoch": UUID(int=0)})
        checkpoint = Checkpoint.objects.select_for_update().get(projection=projection.name)
        head = read.head()
        reset(projection, checkpoint, head.epoch)
        done = 0
        while events := next_events(checkpoint, BATCH, head.position):
            advance(projection, checkpoint, events)
            done += len(events)
            progress(done, head.position)
    projection.tidy()
    notify_projected(head.position)
    return done


def lag(projection: str) -> int:
    """How many positions a projection is behind the head."""
    return read.head().position - read.projected(projection)


class Projector:
    """Keeps projections up with the log until it is told to stop.

    It survives the loss of the database, and errors of ours too: a projection that fails is tried again from where it
    was, the others go on, and its lag shows (see /readyz).
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
        """The events that were projected; None when it failed."""
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
