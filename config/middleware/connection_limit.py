"""Limit the open requests per address and in total, and the requests that run at the same time.

1. Requests beyond the limits of their address or of the process are rejected (`access.open_connections`).
2. MAX_CONCURRENT requests run at once, and MAX_PER_ADDRESS of one address; the others wait for a turn. Django runs each
   request in a thread, and a hundred threads of one client would starve the others. Requests to
   `config.middleware.publish_endpoint` need no thread and no turn.
3. A turn ends when the response begins, so that slow readers do not block others. A long poll ends its turn before it
   waits, by `scope["end_turn"]`.

WebSockets are counted by their consumers, which can tell the client the reason for a rejection.
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
    """Holds connection slots until a request is answered (rule 1)."""

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
    """Makes requests that need a thread wait for a turn (rules 2 and 3)."""

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
        """Wait for a turn of the address; closing `turn` ends it."""
        mine = self._of.get(address) or self._of.setdefault(address, asyncio.Semaphore(MAX_PER_ADDRESS))
        for semaphore in (mine, self._all):
            await semaphore.acquire()
            turn.callback(semaphore.release)


def ends_turn_on_send(end: Callable[[], None], send: Any) -> Any:
    """Wrap `send`, so that the turn ends when the response begins."""

    async def send_and_end(message: dict[str, Any]) -> None:
        end()
        await send(message)

    return send_and_end
