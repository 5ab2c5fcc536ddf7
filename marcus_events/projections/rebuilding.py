"""Rebuild: derives the tables of projections anew, from one reading of the whole log.

A second thread reads the log ahead, on a connection of its own, so that the server finds and sorts the next events
while this thread projects the last ones.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from django.db import transaction

from marcus_events.core.event import RecordedEvent
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.log.rows import execute
from marcus_events.projections.checkpoints import lock_checkpoint, save_checkpoint
from marcus_events.projections.projection import Projection
from marcus_events.projections.projector import notify_projected

# The process does nothing else: the more events at once, the fewer rows are read again and ended.
BATCH, BATCH_BYTES = 4_000, 4 * 1024 * 1024
COLLECT_AFTER = 100_000  # objects: more than those of a batch, which are freed without a look through all of them
WAIT_FOR_DISK = "SET LOCAL synchronous_commit TO DEFAULT"  # a rebuild that is reported is not lost in a crash


def rebuild(*projections: Projection, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Derive the tables of these projections from the whole log, which is read once for all of them.

    It is one transaction: readers see the old rows until the commit. Calls `progress` with the number of projected
    events and the position of the head. Returns the number of events.
    """
    with rare_collection(), transaction.atomic():
        for projection in projections:
            lock_checkpoint(projection.name, wait=True)
        head, epoch = read.head_position()
        for projection in projections:
            projection.clear()
        done = position = 0
        with closing(batches(head)) as found:
            for events in found:
                for projection in projections:
                    projection.project_in_rebuild(events)
                done, position = done + len(events), events[-1].position
                progress(done, head)
        for projection in projections:
            projection.finish_rebuild()
            save_checkpoint(projection.name, position, epoch)
        execute(WAIT_FOR_DISK)
    for projection in projections:
        projection.tidy()
    notify_projected(head)
    return done


def batches(until: int) -> Generator[list[RecordedEvent]]:
    """Yield the events of the log up to the position `until`, as many at once as a rebuild projects."""
    with connect("rebuild") as connection, ThreadPoolExecutor(1, "reading ahead") as thread:

        def read_after(position: int) -> list[RecordedEvent]:
            limit = min(BATCH, until - position)
            return read.following(position, limit, connection, max_bytes=BATCH_BYTES) if limit > 0 else []

        reading = thread.submit(read_after, 0)
        while events := reading.result():
            reading = thread.submit(read_after, events[-1].position)
            yield events


@contextmanager
def rare_collection() -> Iterator[None]:
    """Let the garbage collector of this process run less often, which saves a seventh of the time."""
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, COLLECT_AFTER), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
