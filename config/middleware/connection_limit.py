"""No address holds more requests than it may, and all together leave room for others, whichever server runs it.

1. An address that has too many requests open is refused, and so is whoever comes when the process has all it can take.
2. Of the others, AT_ONCE are worked on at once, and OF_ADDRESS of one address; the rest wait for their turn. Django
   gives each request a thread of its own, and a hundred threads of one caller would leave the others a hundredth. What
   `config.middleware.publish_endpoint` takes in needs no thread, and waits for no turn.
3. A turn ends when the answer begins: who reads it slowly keeps nobody waiting. A request that waits for an event ends
   its turn before that, by `scope["end_turn"]`.

WebSockets are counted where they are answered, since only there a refusal can be told to whoever opens one.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from weakref import WeakValueDictionary

from config.asgi_types import Application, AsgiScope
from config.middleware.body_limit import caller_of, refuse
from marcus_events.access.authentication import network_of
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.core.problem import Problem
from marcus_events.core.threads import THREADS

NOT_COUNTED = ("/healthz",)  # whoever watches over the process is answered however busy it is
MAX_CONCURRENT = THREADS["request"]
MAX_PER_ADDRESS = 4  # one program that asks in a loop, and some pages


class ConnectionLimit:
    """The first of the limits: places for as long as a request is answered."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["path"] in NOT_COUNTED:
            return await self.application(scope, receive, send)
        with ConnectionSlots() as places:
            try:
                places.take_for(caller_of(scope))
            except Problem as problem:
                return await refuse(problem, scope, send)
            return await self.application(scope, receive, send)


class TurnLimit:
    """The second, for what takes a thread."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.turns = FairTurns()

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["path"] in NOT_COUNTED:
            return await self.application(scope, receive, send)
        with ExitStack() as turn:
            await self.turns.begin(network_of(caller_of(scope).address), turn)
            return await self.application(
                scope | {"end_turn": turn.close}, receive, ends_turn_on_send(turn.close, send)
            )


class FairTurns:
    def __init__(self) -> None:
        self._all = asyncio.Semaphore(MAX_CONCURRENT)
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # while somebody has one

    async def begin(self, address: str, turn: ExitStack) -> None:
        """Closing `turn` ends it."""
        mine = self._of.get(address) or self._of.setdefault(address, asyncio.Semaphore(MAX_PER_ADDRESS))
        for semaphore in (mine, self._all):
            await semaphore.acquire()
            turn.callback(semaphore.release)


def ends_turn_on_send(end: Callable[[], None], send: Any) -> Any:
    """`send`, which ends the turn when the answer begins."""

    async def send_and_end(message: dict[str, Any]) -> None:
        end()
        await send(message)

    return send_and_end
