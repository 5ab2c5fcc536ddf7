"""Follow the log in a thread: everything that is published from now on, also what nobody keeps, in the log's order."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from marcus_events.bus.log_bridge import LoopEnded
from marcus_events.core.event import Event
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.ephemeral import Assembler
from marcus_events.log.listener import listener
from marcus_events.log.tail import EpochChanged, Tail

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.5
MAX_LIVE = 10_000  # events that are not kept, waiting for handlers


class LogFollowing:
    """Calls `hear` with what is new, or each second with nothing; while that works, the log waits for it. It ends when
    `hear` raises, or when it is closed.

    What was published while the database was away is heard afterwards, but for what nobody keeps; what of that is shed
    since handlers are slower is counted in `shed`.
    """

    def __init__(self, hear: Callable[[Sequence[Event]], None]) -> None:
        self.shed = 0
        self._hear = hear
        self._live: deque[Event] = deque()
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._forget = listener().receive_live(Assembler(self._hear_live))
        self._thread = threading.Thread(target=self._run, name="log following", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout_s: float) -> bool:
        return listener().wait_listening(timeout_s) and self._ready.wait(timeout_s)

    def close(self) -> None:
        self._stop.set()
        self._forget()
        listener().wake()
        self._thread.join()

    def _hear_live(self, event: Event) -> None:
        if len(self._live) < MAX_LIVE:
            self._live.append(event)
        else:
            self.shed += 1

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._follow_one_log()
        except LoopEnded as error:
            logger.debug("no subscribers left: %s", error)
        except Exception:
            logger.exception("handlers no longer receive what other processes publish")

    def _follow_one_log(self) -> None:
        """From its head until it is another one, such as a restored backup."""
        if (head := self._find_head()) is None:
            return
        tail = Tail(head.position, epoch=head.epoch)
        self._ready.set()
        try:
            self._follow(tail)
        except EpochChanged:
            logger.warning("the log was replaced; following it from its head")
        finally:
            tail.close()

    def _find_head(self) -> read.Head | None:
        try:
            with connect("following", autocommit=True) as connection:
                return read.head(connection)
        except CONNECTION_ERRORS:
            self._stop.wait(RETRY_PAUSE_S)
            return None

    def _follow(self, tail: Tail) -> None:
        while not self._stop.is_set():
            events = [recorded.event for recorded in tail.next()]
            events += [self._live.popleft() for _ in range(len(self._live))]
            self._hear(events)
