"""The projector: applies the events of the log to the projections.

A step of a projection reads the events after its checkpoint, writes its tables and saves the checkpoint in one
transaction. A killed process therefore resumes where it stopped, and a rebuild gives the same rows. Any number of
processes may run it: each step locks the checkpoint's row, and the others skip a locked projection.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import Error, close_old_connections, transaction

from marcus_events.core.event import RecordedEvent
from marcus_events.log import read
from marcus_events.log.listener import PROJECTED_CHANNEL, listener
from marcus_events.log.rows import execute_prepared
from marcus_events.projections.checkpoints import lock_checkpoint, save_checkpoint
from marcus_events.projections.projection import Projection

logger = logging.getLogger(__name__)

BATCH = 1_000  # events in a transaction
BATCH_BYTES = 1024 * 1024  # of them, as text: 1,000 of the largest would be 256 MiB, and several times that as objects
POLL_INTERVAL_S = 1.0
GATHER_S = 0.1  # after a step that reached the head: a step of one event costs nearly as much as one of twenty
ERROR_DELAY_S = 1.0


@dataclass(frozen=True)
class Step:
    """The events that a step has projected, and whether the log had more."""

    events: Sequence[RecordedEvent] = ()
    has_more: bool = False


def step(projection: Projection, limit: int = BATCH, known: Sequence[RecordedEvent] = ()) -> Step:
    """Project the next events, up to `limit` and about BATCH_BYTES.

    Does nothing while another process has the checkpoint. `known` are events that another projection has just read;
    they are used if they are the next ones, since reading costs nearly as much as projecting.
    """
    with transaction.atomic():
        if (checkpoint := lock_checkpoint(projection.name)) is None:
            return Step()
        head, epoch = read.head_position()
        position = checkpoint.position
        if is_other := checkpoint.epoch != epoch:
            projection.clear()
            position = 0
        events: Sequence[RecordedEvent] = ()
        if known and not is_other and known[0].position == position + 1:
            events = known
        elif position < head:
            events = read.following(position, limit, max_bytes=BATCH_BYTES)
        if events:
            projection.project(events)
            position = events[-1].position
        if events or is_other:
            save_checkpoint(projection.name, position, epoch)
    if is_other:
        projection.tidy()
    return Step(events, has_more=position < head)


def notify_projected(position: int) -> None:
    execute_prepared("SELECT pg_notify(%s, %s)", [PROJECTED_CHANNEL, str(position)])


def catch_up(projections: Sequence[Projection]) -> int:
    """Project all events that are in the log now; return their number, over all projections."""
    done = 0
    for projection in projections:
        while events := step(projection).events:
            done += len(events)
            notify_projected(events[-1].position)
    return done


def lag(projection: str) -> int:
    """Return how many positions a projection is behind the head."""
    return read.head().position - read.projected(projection)


class Projector:
    """Keeps projections up to date with the log.

    It survives errors of the database and of a projection: the failed step is retried, the other projections continue,
    and /readyz reports the lag.
    """

    def __init__(self, projections: Sequence[Projection], gather_s: float = GATHER_S) -> None:
        self.projections, self.gather_s = projections, gather_s
        self._failing: set[str] = set()  # projections; each is told of once

    def run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                seen = listener().written
                if not self.once(stop):
                    stop.wait(self.gather_s)
                    self._wait_for_events(seen)
        finally:
            close_old_connections()

    def _wait_for_events(self, seen: int) -> None:
        """Wait until the log has grown. The connection goes back to the pool meanwhile, and not between busy steps."""
        if listener().written == seen:
            close_old_connections()
        listener().wait_written(seen, POLL_INTERVAL_S)

    def once(self, stop: threading.Event) -> bool:
        """One step of each, of which pages are notified once; whether the log had more than that."""
        found: list[Step | None] = []
        known: Sequence[RecordedEvent] = ()
        for projection in self.projections:
            found.append(done := self._try_step(projection, known))
            known = done.events if done else ()
        done_steps = [done for done in found if done and done.events]
        if done_steps:
            self._notify(max(done.events[-1].position for done in done_steps))
        if None in found:
            stop.wait(ERROR_DELAY_S)
        return any(done.has_more for done in done_steps)

    def _try_step(self, projection: Projection, known: Sequence[RecordedEvent]) -> Step | None:
        """Run a step; None if it failed."""
        try:
            done = step(projection, known=known)
        except Error as error:
            self._tell_once(projection, logger.warning, "%s is waiting for the database: %s", projection.name, error)
        except Exception:
            self._tell_once(projection, logger.exception, "%s has stopped", projection.name)
        else:
            self._failing.discard(projection.name)
            return done
        close_old_connections()
        return None

    def _notify(self, position: int) -> None:
        """Notify pages. They look by themselves where that fails."""
        try:
            notify_projected(position)
        except Error as error:
            logger.debug("nobody was notified of position %d: %s", position, error)
            close_old_connections()

    def _tell_once(self, projection: Projection, log: Callable[..., None], *what: object) -> None:
        if projection.name not in self._failing:
            self._failing.add(projection.name)
            log(*what)
