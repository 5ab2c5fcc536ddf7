"""The runner: one durable subscription, driven along the log by whichever process has its lease.

1. Make the subscription, if it is new: at the head, or after a stated position.
2. Take the lease, or wait: look again each second.
3. Read what follows its position. Hand each event that matches to the handler, in order, one at a time; pass over
   others.
4. A handler that fails is called again, after growing pauses. After `max_attempts` the event is parked with its error,
   and the next one is handled.
5. Acknowledge: after `batch` events, after a second, and before there is nothing more to do. What lies between two
   acknowledgements is what is handled again when the process is killed.
6. Try again what somebody marked for replay.
7. Renew the lease while a handler works, and ask before each call whether it is still ours. An owner that finds that it
   is another one's stops at once: back to 2.
8. The database is away: back to 2, on a new connection. Another log is there: start over at its beginning.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from marcus_events.core.backoff import pauses
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.tail import EpochChanged, Tail
from marcus_events.subscriptions import lease as leases
from marcus_events.subscriptions.lease import Fenced, Lease

logger = logging.getLogger(__name__)

LEASE_S = 10.0  # how long a stopped owner keeps others from going on
BATCH = 100  # events between two acknowledgements
ACKNOWLEDGE_EVERY_S = 1.0
LOOK_EVERY_S = 1.0  # for a lease that has run out, and for replays
MAX_ATTEMPTS = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0

HandleEvent = Callable[[Event], None]


class Runner:
    """Calls `call` with each matching event, at least once, in order; it raises when the handler failed.

    `after` is where a new subscription begins, None for what is published from now on.
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
        self._known = threading.Event()
        self._stop = threading.Event()

    def wait_known(self, timeout_s: float) -> bool:
        """Whether it has its place in the log within the time; from then on it misses nothing."""
        return self._known.wait(timeout_s)

    def run(self, stop: threading.Event) -> None:
        """Until it is told to stop, or the handler's event loop has ended."""
        self._stop = stop
        is_away = False
        while not stop.is_set():
            try:
                self._own()
                is_away = False
            except Fenced as error:
                logger.warning("%s", error)
            except EpochChanged:
                logger.warning("the log was replaced; subscription %s starts over", self.name)
            except CONNECTION_ERRORS as error:
                if not is_away:
                    logger.warning("subscription %s is waiting for the database: %s", self.name, error)
                is_away = True
                stop.wait(LOOK_EVERY_S)

    def _own(self) -> None:
        """Steps 1 and 2; everything else for as long as the lease is ours."""
        if not self._known.is_set():
            leases.create(self.name, self._patterns, self._after)
            self._known.set()
        with connect("subscription", autocommit=True) as connection:
            lease = leases.take(connection, self.name, self._patterns, self._lease_s)
            if lease is None:
                self._stop.wait(min(LOOK_EVERY_S, self._lease_s))
                return
            with Renewing(lease):
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
        """Steps 3 to 6, of what the tail gives at once."""
        events = tail.next(min(LOOK_EVERY_S, self._lease_s / 3))
        done = PendingProgress(lease, self._batch)
        for recorded in events:
            if self._stop.is_set():
                break
            if self._matches(recorded):
                self._handle(lease, recorded, done)
            else:
                done.pass_over(recorded.position)
        done.acknowledge()
        if not events:
            lease.renew()  # finds out, too, that the database is away
        self._replay(lease)

    def _handle(self, lease: Lease, recorded: RecordedEvent, done: PendingProgress) -> None:
        """Step 4."""
        waits = pauses(*self._pauses)
        attempts = lease.attempts if recorded.position == lease.position + 1 else 0
        while (error := self._try(lease, recorded.event)) is not None:
            attempts += 1
            done.acknowledge()
            if attempts >= self._max_attempts:
                logger.error("subscription %s parked the event at %d: %s", self.name, recorded.position, error)
                lease.park(recorded.position, lease.epoch, attempts, error)
                return
            lease.failed(attempts, error)
            if self._stop.wait(next(waits)):
                return
        done.handled(recorded.position)

    def _try(self, lease: Lease, event: Event) -> str | None:
        """What the handler failed with; None when it did not. Raises Fenced instead of calling it for another owner."""
        lease.make_sure()
        try:
            self._call(event)
        except Exception as error:
            return str(error) or type(error).__name__
        return None

    def _replay(self, lease: Lease) -> None:
        """Step 6."""
        for position in lease.to_replay():
            recorded = read.event(position, lease.connection)
            error = self._try(lease, recorded.event) if recorded else "this event is no longer in the log"
            if error is None:
                lease.replayed(position)
            else:
                lease.replay_failed(position, error)


class PendingProgress:
    """Step 5: what was done since the last acknowledgement."""

    def __init__(self, lease: Lease, batch: int) -> None:
        self._lease = lease
        self._batch = batch
        self._position = lease.position
        self._since = time.monotonic()
        self._count = 0

    def pass_over(self, position: int) -> None:
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


class Renewing:
    """Step 7: keeps a lease for as long as the block lasts, in a thread of its own.

    When the lease is lost or the database away, it stops; the owner finds out as soon as it writes.
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
