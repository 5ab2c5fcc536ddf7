"""Runs a durable subscription along the log, in whichever process holds its lease.

1. Create the subscription if it is new: at the head of the log, or after a given position.
2. Acquire the lease; while another process holds it, try again every second.
3. Read the events after its position. Call the handler with each matching event, in order, one at a time; skip others.
4. If the handler fails, call it again after growing pauses. After `max_attempts`, park the event with its error, and
   continue with the next one.
5. Acknowledge after `batch` events, after a second, and when there is nothing more to do. What was handled since the
   last acknowledgement is handled again after a kill.
6. Replay the parked events that somebody marked for it.
7. Renew the lease while a handler works, and confirm it before each call. If another process has acquired it, stop at
   once and go back to 2.
8. If the database is away: back to step 2, with a new connection. If the log is another one: start at its beginning.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.tail import EpochChanged, Tail
from marcus_events.subscriptions import lease as leases
from marcus_events.subscriptions.lease import Fenced, Lease

logger = logging.getLogger(__name__)

LEASE_S = 10.0  # how long a stopped owner keeps other processes from continuing
BATCH = 100  # events between two acknowledgements
ACKNOWLEDGE_EVERY_S = 1.0
POLL_INTERVAL_S = 1.0  # for a lease that has expired, and for replays
MAX_ATTEMPTS = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0

HandleEvent = Callable[[Event], None]


class Runner:
    """Calls `call` with each matching event, at least once, in order; it raises when the handler failed.

    A new subscription begins after the position `after`, or with what is published from now on if that is None.
    """

    def __init__(
        self,
        name: str,
        *,
        patterns: tuple[str, ...],
        matches: Callable[[RecordedEvent], bool],
        call: HandleEvent,
        after: int | None = None,
        lease_s: float = LEASE_S,
        batch: int = BATCH,
        max_attempts: int = MAX_ATTEMPTS,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self.name = name
        self._patterns = patterns
        self._matches = matches
        self._call = call
        self._after = after
        self._lease_s = lease_s
        self._batch = batch
        self._max_attempts = max_attempts
        self._pauses = (first_pause_s, longest_pause_s)
        self._is_created = threading.Event()
        self._stop = threading.Event()

    def wait_created(self, timeout_s: float) -> bool:
        """Wait until the subscription has a position, so that it misses nothing; return whether it was in time."""
        return self._is_created.wait(timeout_s)

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        self._stop = stop
        is_database_away = False
        while not stop.is_set():
            try:
                self._run_as_owner()
                is_database_away = False
            except Fenced as error:
                logger.warning("%s", error)
            except EpochChanged:
                logger.warning("the log was replaced; subscription %s starts over", self.name)
            except CONNECTION_ERRORS as error:
                if not is_database_away:
                    logger.warning("subscription %s is waiting for the database: %s", self.name, error)
                is_database_away = True
                stop.wait(POLL_INTERVAL_S)

    def _run_as_owner(self) -> None:
        """Steps 1 and 2, and the others while this process owns the subscription."""
        if not self._is_created.is_set():
            leases.create(self.name, self._patterns, self._after)
            self._is_created.set()
        with connect("subscription", autocommit=True) as connection:
            lease = leases.acquire(connection, self.name, self._patterns, self._lease_s)
            if lease is None:
                self._stop.wait(min(POLL_INTERVAL_S, self._lease_s))
                return
            with LeaseRenewal(lease):
                self._follow(lease)
            lease.release()

    def _follow(self, lease: Lease) -> None:
        if read.head(lease.connection).epoch != lease.epoch:
            lease.acknowledge(0, read.head(lease.connection).epoch)
        tail = Tail(lease.position, epoch=lease.epoch)
        try:
            while not self._stop.is_set():
                self._step(lease, tail)
        finally:
            tail.close()

    def _step(self, lease: Lease, tail: Tail) -> None:
        """Steps 3 to 6, for the next events of the tail."""
        events = tail.next(min(POLL_INTERVAL_S, self._lease_s / 3))
        progress = UnacknowledgedProgress(lease, self._batch)
        for recorded in events:
            if self._stop.is_set():
                break
            if self._matches(recorded):
                self._handle(lease, recorded, progress)
            else:
                progress.skip(recorded.position)
        progress.acknowledge()
        if not events:
            lease.renew()  # and notices if the database is away
        self._replay(lease)

    def _handle(self, lease: Lease, recorded: RecordedEvent, progress: UnacknowledgedProgress) -> None:
        """Step 4."""
        waits = backoff_delays(*self._pauses)
        attempts = lease.attempts if recorded.position == lease.position + 1 else 0
        while (error := self._call_handler(lease, recorded.event)) is not None:
            attempts += 1
            progress.acknowledge()
            if attempts >= self._max_attempts:
                logger.error("subscription %s parked the event at %d: %s", self.name, recorded.position, error)
                lease.park(recorded.position, lease.epoch, attempts, error)
                return
            lease.failed(attempts, error)
            if self._stop.wait(next(waits)):
                return
        progress.handled(recorded.position)

    def _call_handler(self, lease: Lease, event: Event) -> str | None:
        """The error of the handler, or None if it succeeded. Raises Fenced where another process owns the lease."""
        lease.confirm()
        try:
            self._call(event)
        except Exception as error:
            return str(error) or type(error).__name__
        return None

    def _replay(self, lease: Lease) -> None:
        """Step 6."""
        for position in lease.positions_to_replay():
            recorded = read.event(position, lease.connection)
            error = self._call_handler(lease, recorded.event) if recorded else "this event is no longer in the log"
            if error is None:
                lease.replayed(position)
            else:
                lease.replay_failed(position, error)


class UnacknowledgedProgress:
    """Step 5: what was handled or skipped since the last acknowledgement."""

    def __init__(self, lease: Lease, batch: int) -> None:
        self._lease = lease
        self._batch = batch
        self._position = lease.position
        self._since = time.monotonic()
        self._count = 0

    def skip(self, position: int) -> None:
        self._position = position

    def handled(self, position: int) -> None:
        self._position = position
        self._count += 1
        if self._count >= self._batch or time.monotonic() > self._since + ACKNOWLEDGE_EVERY_S:
            self.acknowledge()

    def acknowledge(self) -> None:
        if self._position > self._lease.position:
            self._lease.acknowledge(self._position, self._lease.epoch)
        self._since, self._count = time.monotonic(), 0


class LeaseRenewal:
    """Step 7: renews a lease while the block lasts, in a thread of its own.

    It ends when the lease is lost or the database is away; the owner notices with its next write.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease of {lease.name}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        with suppress(Fenced, *CONNECTION_ERRORS):
            while not self._done.wait(self._lease.lease_s / 3):
                self._lease.renew()
