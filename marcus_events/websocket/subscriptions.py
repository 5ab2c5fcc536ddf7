"""What a connection is sent of the log: its subscriptions in turn, each from its own position on.

1. A subscription knows up to which position it has been sent everything, and of which log. Nothing is buffered for it.
2. Its next page is read, and sent as fast as the program takes it.
3. Where the log no longer holds what comes next, a gap says so, and it goes on with the oldest event that there is.
4. Where the log is another one, a reset says so. Who asked to go on after a position starts over at the beginning,
   since positions mean other events now; who asked for what comes from now on goes on with that.
5. When there is nothing more, it waits for news. A heartbeat says how far each subscription has come; from there the
   program may go on after it was away.

While the database is away the connection stays, nothing is sent but heartbeats, and afterwards it goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from marcus_events.core.filters import EventFilter
from marcus_events.http.worker_threads import DATABASE_ERRORS
from marcus_events.live.hub import Hub
from marcus_events.live.recent import Held
from marcus_events.websocket import outgoing, replay
from marcus_events.websocket.replay import ReplayPage
from marcus_events.websocket.send_pace import SLICE, pace

logger = logging.getLogger(__name__)

HEARTBEAT_S = 5.0  # two missed ones are a dead line
RETRY_S = 1.0  # while the database is away


@dataclass(eq=False)
class LogSubscription:
    id: str
    wanted: EventFilter
    position: int  # everything up to it was sent
    epoch: UUID
    head: int  # of the log when it began: the hub may be a moment behind
    from_now: bool
    is_caught_up: bool = False
    has_ended: bool = False


Say = Callable[[str, LogSubscription | None], Awaitable[None]]  # nothing of a subscription is said after it has ended


def batched(events: Sequence[Held], size: int) -> Iterator[Sequence[Held]]:
    return (events[begin : begin + size] for begin in range(0, len(events), size))


class SubscriptionSender:
    """Runs for as long as the connection lasts. `subscriptions` may change meanwhile; `news` then has to be set."""

    def __init__(self, hub: Hub, say: Say) -> None:
        self.subscriptions: dict[str, LogSubscription] = {}
        self.news = asyncio.Event()
        self._hub = hub
        self._say = say
        self._is_beat_due = False
        self._beat_timer = self._next_beat()
        self._is_away = False
        self._looked_through = 0  # positions since other connections had a turn

    async def run(self) -> None:
        try:
            async with self._hub.follow() as self.news:
                while True:
                    self.news.clear()
                    has_more = False
                    for subscription in list(self.subscriptions.values()):
                        has_more |= await self._turn(subscription)
                    if self._is_beat_due:
                        await self._beat()
                    if not has_more:
                        await self._rest()
        finally:
            self._beat_timer.cancel()

    async def _turn(self, subscription: LogSubscription) -> bool:
        """Whether more is to be sent at once. The database may be away: then it is tried again later."""
        if self._is_beat_due:
            await self._beat()
        if self._looked_through >= SLICE:  # to look through many events that do not match would hold up the others
            self._looked_through = 0
            await asyncio.sleep(0)
        try:
            page = await replay.page(self._hub, subscription.wanted, subscription.position, subscription.epoch)
        except DATABASE_ERRORS as error:
            logger.debug("a subscription is waiting for the database: %s", error)
            self._is_away = True
            return False
        self._is_away = False
        self._looked_through += abs(page.through - subscription.position)
        return await self._send(subscription, page)

    async def _send(self, subscription: LogSubscription, page: ReplayPage) -> bool:
        if page.epoch != subscription.epoch:
            await self._start_over(subscription, page)
            return True
        before = subscription.position
        if before < page.oldest - 1:
            await self._say(outgoing.gap(subscription.id, before, page.oldest), subscription)
        if subscription.is_caught_up:
            await self._send_events(subscription, page.events)
        else:
            for events in batched(page.events, SLICE):
                begun = asyncio.get_running_loop().time()
                await self._send_events(subscription, events)
                await pace.after(id(self), begun)
        subscription.position = page.through
        if not subscription.is_caught_up and page.through >= max(page.head, subscription.head):
            subscription.is_caught_up = True
            await self._say(outgoing.caught_up(subscription.id, page.through), subscription)
        return subscription.position > before and subscription.position < page.head

    async def _send_events(self, subscription: LogSubscription, events: Sequence[Held]) -> None:
        for held in events:
            await self._say(outgoing.event(subscription.id, held.text), subscription)
            subscription.position = held.position

    async def _start_over(self, subscription: LogSubscription, page: ReplayPage) -> None:
        subscription.epoch, subscription.is_caught_up = page.epoch, False
        subscription.head = page.head
        subscription.position = page.head if subscription.from_now else page.oldest - 1
        await self._say(outgoing.reset(subscription.id, subscription.position, page.epoch), subscription)

    def _next_beat(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(HEARTBEAT_S, self._beat_is_due)

    def _beat_is_due(self) -> None:
        self._is_beat_due = True
        self.news.set()

    async def _beat(self) -> None:
        self._is_beat_due = False
        self._beat_timer = self._next_beat()
        positions = {name: subscription.position for name, subscription in self.subscriptions.items()}
        await self._say(outgoing.heartbeat(self._hub.head if self._hub.has_begun else None, positions), None)

    async def _rest(self) -> None:
        """Until there is news, which includes that the next heartbeat is due."""
        if not self._is_away:
            await self.news.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self.news.wait()
