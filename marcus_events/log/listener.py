"""The listener: one connection per process in LISTEN, so that nobody has to poll.

A notification is only a hint that there may be something new. It carries no data and may be lost; whoever waits here
waits at most a moment and then looks by itself. The one exception are events that nobody keeps (`log.live`): they
travel in the notification, and whoever is not connected at that moment does not hear them.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection as django_connection
from psycopg_pool import ConnectionPool

from marcus_events.core.lifecycle import Declared, lasting_thread
from marcus_events.log.connect import CONNECTION_ERRORS, connect

logger = logging.getLogger(__name__)

LOG_CHANNEL = "marcus_log"  # the log has grown
PROJECTED_CHANNEL = "marcus_projected"  # a projection has moved on
RECONNECT_PAUSE_S = 0.5
LIVE_CHANNEL = "marcus_live"  # pieces of events that are not kept
RIGHTS_CHANNEL = "marcus_rights"  # what a token is for was changed
CHANNELS = (LOG_CHANNEL, PROJECTED_CHANNEL, LIVE_CHANNEL, RIGHTS_CHANNEL)


class Listener:
    """Counts notifications; `wait` returns when there was another one."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._count = 0
        self._written = 0
        self._projected = 0
        self._rights = 0
        self._receivers: list[Callable[[str], None]] = []
        self._listening = threading.Event()
        self._stop = threading.Event()
        self._stopped_by, self._stopper = socket.socketpair()  # readable once it is to stop
        self._thread = lasting_thread("log listener", self._run, self._stop)

    def start(self) -> None:
        self._thread.start()

    @property
    def count(self) -> int:
        """Grows with every notification. Read it before looking at the log, and give it to `wait` afterwards."""
        return self._count

    def wait(self, seen: int, timeout_s: float) -> None:
        """Return when there was a notification since `count` was `seen`, or after the timeout."""
        with self._news:
            self._news.wait_for(lambda: self._count != seen or self._stop.is_set(), timeout_s)

    @property
    def written(self) -> int:
        """Like `count`, for those alone who follow the log itself: it stands still while projections move on."""
        return self._written

    def wait_written(self, seen: int, timeout_s: float) -> None:
        """Return when the log may have grown since `written` was `seen`, or after the timeout."""
        with self._news:
            self._news.wait_for(lambda: self._written != seen or self._stop.is_set(), timeout_s)

    @property
    def projected(self) -> int:
        """Another number whenever a projection may have moved on."""
        return self._projected

    @property
    def rights(self) -> int | None:
        """Another number whenever the rights of a token may have changed; None while that would not be heard."""
        return self._rights if self._listening.is_set() else None

    def wait_listening(self, timeout_s: float) -> bool:
        """Whether, within the time, nothing that is notified from now on is missed while the connection lasts."""
        return self._listening.wait(timeout_s)

    def receive_live(self, receiver: Callable[[str], None]) -> Callable[[], None]:
        """Give each piece on the live channel to `receiver`, which must return at once. Returns how to end that."""
        self._receivers = [*self._receivers, receiver]
        return lambda: self._forget(receiver)

    def wake(self) -> None:
        """Whoever waits looks at once."""
        self._tell()

    def stop_soon(self) -> None:
        """Nobody waits from now on."""
        self._stop.set()
        self._stopper.close()
        self._tell()

    def stop(self) -> None:
        self._thread.join()
        self._stopped_by.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with connect("listener", autocommit=True) as connection:
                    self._listen(connection)
            except CONNECTION_ERRORS:
                self._listening.clear()
                self._stop.wait(RECONNECT_PAUSE_S)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        for channel in CHANNELS:
            connection.execute(f"LISTEN {channel}")
        self._rights += 1
        self._listening.set()
        self._tell()  # something may have been said while we were away
        renew_pool()
        with selectors.DefaultSelector() as news:
            news.register(connection, selectors.EVENT_READ)
            news.register(self._stopped_by, selectors.EVENT_READ)
            while not self._stop.is_set():
                for notification in connection.notifies(timeout=0):
                    self._pass_on(notification)
                news.select()

    def _pass_on(self, notification: psycopg.Notify) -> None:
        if notification.channel == LIVE_CHANNEL:
            for receiver in self._receivers:
                receiver(notification.payload)
        self._rights += notification.channel == RIGHTS_CHANNEL
        self._tell(notification.channel)

    def _forget(self, receiver: Callable[[str], None]) -> None:
        self._receivers = [other for other in self._receivers if other is not receiver]

    def _tell(self, channel: str | None = None) -> None:
        """Without a channel, there may be news of the log and of projections."""
        with self._news:
            self._count += 1
            self._written += channel in (None, LOG_CHANNEL)
            self._projected += channel in (None, PROJECTED_CHANNEL)
            self._news.notify_all()


def renew_pool() -> None:
    """When a connection of ours has died, so have those that lie idle in Django's pool: they are replaced at once.

    A request that meets a dead one pauses before it takes the next, longer each time, and may never get to a good one.
    """
    pool: ConnectionPool[Any] | None = getattr(django_connection, "pool", None)
    if pool is not None and not pool.closed:
        pool.check()


LISTENER = Declared("log listener", Listener)


def listener() -> Listener:
    """The listener of this process."""
    return LISTENER.get()
