"""Publishes the acts of a proxied Marcus, each once, also with a follower that reads the same Marcus's files.

1. `put` writes events to a spool on disk. A thread publishes them in order, and retries while the database is away.
2. An act that a follower has published is not published again. The follower knows more of it, such as its board; so as
   long as one is there, an act waits FOLLOWER_GRACE for it.
3. While the tables are too far behind the log, acts wait in the spool.
4. Without a follower, an act is published at once, also if a board is named, which is for a Marcus without one. A
   follower that reads the act later recognises it by its mark.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import close_old_connections

from marcus_events.bus.spool import Spool
from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import Event, InvalidEvent, utc_now
from marcus_events.core.lifecycle import lasting_thread
from marcus_events.http.worker_threads import DATABASE_ERRORS
from marcus_events.ingest import check_event, ingest
from marcus_events.log.back_pressure import WAIT_INTERVAL_S, back_pressure
from marcus_events.log.marcus_acts import ACT, ActLock, acts_of_agents, span_of
from marcus_events.log.task_endings import rests
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.sources.marcus.lateness import mark_late_events

logger = logging.getLogger(__name__)

FOLLOWER_GRACE = timedelta(seconds=5)  # a follower publishes within a second; longer while it reads much at once
ROUND_S = 5.0
LOOK_EVERY_S = 0.1  # for the act of a follower
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
MAX_REMEMBERED = 1_000  # acts that may still be mistaken for another one of the same kind
NO_BOARD = (
    "%s of %s belongs to no board: no follower reads the files of this Marcus. Name the board with --board, or connect "
    "the folder under Integrations."
)


class ActPublisher:
    """A service.

    Calls `note_followed` with the ids of an act's event here and of the follower's, and `each_round` with the number of
    acts that wait, whenever it has published what it can, and every ROUND_S.
    """

    def __init__(
        self,
        spool: Spool,
        board: BoardChoice,
        *,
        note_followed: Callable[[str, str], object] = lambda own, followed: None,
        each_round: Callable[[int], object] = lambda waiting: None,
    ) -> None:
        self._spool, self._board = spool, board
        self._note_followed, self._each_round = note_followed, each_round
        self._lock = ActLock(is_shared=False)
        self._is_followed = not board.named  # until an act has waited in vain
        self._claimed: deque[str] = deque(maxlen=MAX_REMEMBERED)  # events of a follower that are acts of this proxy
        self._published_as: dict[str, str] = {}  # id of an act here → of the follower's event
        self._arrived, self._stop = threading.Event(), threading.Event()
        self._is_away = self._has_warned = False
        self._thread = lasting_thread("act publisher", self._run, self._stop)

    def put(self, events: Sequence[Event]) -> None:
        """Return when the events are on disk. Raises SpoolFailed."""
        if events:
            self._spool.put(events)
            self._arrived.set()

    def wake(self) -> None:
        """Let the thread do its round now."""
        self._arrived.set()

    @property
    def waiting(self) -> int:
        """The number of acts that are not published yet."""
        return len(self._spool)

    def start(self) -> None:
        self._thread.start()

    def stop_soon(self) -> None:
        self._stop.set()
        self._arrived.set()

    def stop(self) -> None:
        """What is not published by then stays in the spool."""
        self._thread.join()
        self._lock.close()

    def _run(self) -> None:
        pauses = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while not self._stop.is_set():
            self._arrived.clear()
            try:
                pause_s = self._publish_all()
                self._each_round(self.waiting)
                pauses = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
                self._report_database(None)
            except DATABASE_ERRORS as error:
                self._report_database(error)
                pause_s = next(pauses)
                self._stop.wait(pause_s)
            except Exception:
                logger.exception("acts of Marcus cannot be published; they stay on disk")
                pause_s = LONGEST_PAUSE_S
                self._stop.wait(pause_s)
            finally:
                close_old_connections()
            self._arrived.wait(pause_s)

    def _publish_all(self) -> float:
        """Publish the acts in order; return the seconds until the next one is due."""
        while not self._stop.is_set() and (oldest := self._spool.peek(1)):
            if back_pressure().must_wait():
                return WAIT_INTERVAL_S
            [(number, event)] = oldest
            if isinstance(invalid := check_event(event), InvalidEvent):
                self._set_aside(number, str(invalid))
                continue
            with self._lock.held():
                is_done = self._publish(number, event)
            if not is_done:
                return LOOK_EVERY_S
        return ROUND_S

    def _publish(self, number: int, event: Event) -> bool:
        """Publish an act unless a follower has; return False if it has to wait for one."""
        if event.event_id in self._published_as:
            self._note_followed(event.event_id, self._published_as[event.event_id])
        elif followed := self._published_by_follower(event):
            self._is_followed = True
            self._remember(event, followed)
            self._note_followed(event.event_id, followed)
        elif self._is_followed and utc_now() - event.timestamp < FOLLOWER_GRACE:
            return False
        else:
            self._is_followed = False
            [receipt] = ingest(mark_late_events([self._completed(event)], rests))
            if receipt.status == "rejected":
                return self._set_aside(number, receipt.error or "it was rejected")
        self._spool.remove([number])
        return True

    def _set_aside(self, number: int, reason: str) -> bool:
        logger.warning("an act of Marcus was rejected: %s", reason)
        self._spool.set_aside(number, reason)
        return True

    def _published_by_follower(self, event: Event) -> str | None:
        """Return the id of the follower's event of this act: the nearest in time that is of no other act here."""
        since, until = span_of(event)
        same = [
            found
            for found in acts_of_agents([str(event.data["agent_id"])], since, until, is_proxied=False)
            if found.metadata.get(ACT) == (event.metadata or {}).get(ACT) and found.event.event_id not in self._claimed
        ]
        nearest = min(same, key=lambda found: abs(found.event.timestamp - event.timestamp), default=None)
        return nearest.event.event_id if nearest else None

    def _remember(self, event: Event, followed: str) -> None:
        self._claimed.append(followed)
        self._published_as[event.event_id] = followed
        while len(self._published_as) > MAX_REMEMBERED:
            del self._published_as[next(iter(self._published_as))]

    def _completed(self, event: Event) -> Event:
        """Return the event with its board, and with the id of its blocker as the log has it."""
        data, metadata = dict(event.data), dict(event.metadata or {})
        if blocker := data.get("blocker_event_id"):
            data["blocker_event_id"] = self._published_as.get(blocker, blocker)
        stated = str(metadata.pop("board_id", ""))
        board = self._board.board_of(str(data.get("task_id", "")), data["agent_id"], stated)
        if board:
            metadata["board_id"] = board
        elif not self._has_warned:
            logger.warning(NO_BOARD, event.event_type, data["agent_id"])
            self._has_warned = True
        return replace(event, data=data, metadata=metadata)

    def _report_database(self, error: Exception | None) -> None:
        if error and not self._is_away:
            logger.warning("the database is not reachable; acts of Marcus are published when it is back: %s", error)
        elif self._is_away and not error:
            logger.warning("the database is back")
        self._is_away = error is not None
