"""One program's connection, from the handshake to its end.

1. It is accepted first, since who is refused at the handshake is not told why; then an error frame and a code tell.
2. Every frame is answered, in order, by one that carries its id. A mistake is answered with an error, and the
   connection lives on; after MAX_MISTAKES in a row it ends. A frame counts like a request, for the token or, of a
   person, for the address; one too many is told when to come again, and is not a mistake.
3. Beside that it is sent what it subscribed to: see `subscriptions`. A program that does not read is waited for; the
   server ends its connection when that takes too long, so what it has not read fills nobody's memory.
4. Every CHECK_S it is looked at who is there: who may no longer, goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from http import HTTPStatus
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.json_body import LARGE
from marcus_events.live.hub import get_hub
from marcus_events.websocket import incoming, outgoing
from marcus_events.websocket.connections import Peer, admitted, caller_of
from marcus_events.websocket.frame_handlers import answer, asked
from marcus_events.websocket.subscriptions import LogSubscription, SubscriptionSender

MAX_MISTAKES = 20  # in a row: a program that goes on so is broken
CHECK_S = 30.0  # a token that was revoked works no longer than this

# Servers send no codes between 1001 and 2999. These end like the statuses of HTTP.
MISTAKES, UNKNOWN, TOO_OFTEN, FAILED, AWAY = 4400, 4401, 4429, 4500, 4503
CODES = {
    HTTPStatus.UNAUTHORIZED: UNKNOWN,
    HTTPStatus.TOO_MANY_REQUESTS: TOO_OFTEN,
    HTTPStatus.SERVICE_UNAVAILABLE: AWAY,
}
NO_MISTAKE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

logger = logging.getLogger(__name__)


class Programs(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    peer: Peer | None = None  # None before it is known who is there, and when nothing more is to be answered
    following: SubscriptionSender
    places: ConnectionSlots
    tasks: tuple[asyncio.Task[None], ...] = ()
    mistakes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """However it ends: a server also ends what does not end by itself, and then tells of no disconnection."""
        self.send_message = send  # as the server takes it
        with ConnectionSlots() as self.places:
            try:
                await super().__call__(scope, receive, send)
            finally:
                self.stop()

    async def connect(self) -> None:
        self.saying = asyncio.Lock()  # so that a subscription's events come after its answer, and none after its end
        await self.accept()
        try:
            self.places.take_for(caller_of(self.scope))
            peer = await asked(partial(admitted, self.scope))
            peer.take_place(self.places)
            self.peer = peer
        except Problem as problem:
            await self.refuse(problem)
            return
        self.following = SubscriptionSender(get_hub(), self.say)
        self.tasks = (self.beside(self.following.run()), self.beside(self.watch()))

    async def disconnect(self, code: int) -> None:
        self.stop()

    def stop(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.peer:
            await self.to_its_end(self.take(text_data, self.peer))

    async def take(self, text: str | None, peer: Peer) -> None:
        name = None
        try:
            is_large = len(text or "") > LARGE  # others are not held up by what takes long
            stated = await asyncio.to_thread(incoming.stated_in, text) if is_large else incoming.stated_in(text)
            name = incoming.id_in(stated)
            peer.count()
            await answer(incoming.read(stated), peer, self.following, self.say, is_large=is_large)
            self.mistakes = 0
        except Problem as problem:
            await self.mistaken(name, problem)

    async def mistaken(self, name: str | None, problem: Problem) -> None:
        self.mistakes += problem.status not in NO_MISTAKE
        self.note(problem)
        await self.say(outgoing.error(name, problem))
        if self.mistakes >= MAX_MISTAKES:
            detail = f"{MAX_MISTAKES} invalid frames in a row."
            await self.refuse(Problem(HTTPStatus.BAD_REQUEST, detail, limit="mistakes"))

    async def watch(self) -> None:
        """While the database is away nobody can be looked up, and nothing is sent either."""
        while self.peer:
            await asyncio.sleep(CHECK_S)
            try:
                await asked(self.peer.look_again)
            except Problem as problem:
                if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    await self.refuse(problem)

    def note(self, problem: Problem) -> None:
        """For who wonders why a program's events do not arrive."""
        rejected_requests.record_problem(problem, caller_of(self.scope), "WS", self.scope["path"])

    async def refuse(self, problem: Problem) -> None:
        """Say why, and end. Nothing more is answered, and nothing more of the log is sent."""
        self.peer = None
        self.note(problem)
        if self.tasks:
            self.tasks[0].cancel()
        await self.say(outgoing.error(None, problem))
        await self.close(code=CODES.get(problem.status, MISTAKES))

    async def say(self, text: str, of: LogSubscription | None = None) -> None:
        async with self.saying:
            if of is None or not of.has_ended:
                await self.send_message({"type": "websocket.send", "text": text})

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(self.to_its_end(work))

    async def to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails ends the connection: a program that is told comes again."""
        try:
            await work
        except OSError:
            self.stop()  # the program is gone, and the server says so to whoever sends
        except Exception:
            logger.exception("a program's connection failed")
            await self.close(code=FAILED)
