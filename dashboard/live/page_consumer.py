"""The WebSocket of an open page: it sends frames of HTML and takes nothing.

1. Only who is signed in: others are closed with 4401, which the page answers with the sign-in form. The session, and
   what its owner may see, are looked at again every half minute: signing out, or being locked out, ends what is open
   too, and after a change of what they see the page is told to load itself anew (4409).
2. The address holds the look, as the page's own did. A query that cannot be read has no rows: the page explains it.
3. It subscribes to the hub before it reads anything. So what happened between the page's first response and now is
   covered twice rather than never: the page asks over HTTP for everything after its own head, and drops what it has.
4. A frame means that the log can be read. While it cannot, none is sent, and the page says that it is not connected.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from dashboard.live import page_frames, render_throttle, single_flight
from dashboard.live.page_state import PageState
from dashboard.live.regions import Page
from dashboard.live.visible_events import wanted
from dashboard.visibility import Visibility
from marcus_events.access import sessions
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.worker_threads import PAGE_THREADS, in_thread
from marcus_events.live.hub import get_hub
from marcus_events.live.hub_subscription import Frame
from marcus_events.websocket.connections import caller_of

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
NO_SUCH_PAGE = 4404
VISIBILITY_CHANGED = 4409
TOO_MANY = 4429  # pages of this person, or connections from this address
FAILED, AWAY = 4500, 4503  # servers send no other codes than 1000 and from 3000 on; the page tries again
CHECK_SESSION_S = 30.0

logger = logging.getLogger(__name__)


class LivePage(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    page_state: PageState
    places: ConnectionSlots
    running: asyncio.Task[None] | None = None

    def __init__(self, pages: Mapping[str, Page]) -> None:
        """`pages` are all pages by name, see `dashboard.routing`."""
        super().__init__()
        self.pages = pages

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """However it ends, nothing goes on for it, and its places are given back."""
        with ConnectionSlots() as self.places:
            try:
                await super().__call__(scope, receive, send)
            finally:
                self.stop()

    async def connect(self) -> None:
        """Accept first: a browser is not told the reason of a handshake that is refused."""
        self.opened = time.monotonic()
        await self.accept()
        parameters = dict(parse_qsl(self.scope["query_string"].decode("latin-1")))
        self.page_state = PageState.at(parameters.get("page", ""), parameters)
        if not self.scope["user"].is_authenticated:
            await self.close(code=NOT_SIGNED_IN)
        elif self.page_state.page not in self.pages:
            await self.close(code=NO_SUCH_PAGE)
        elif not self.has_place():
            await self.close(code=TOO_MANY)
        else:
            self.running = asyncio.create_task(self.run())

    def has_place(self) -> bool:
        """Whoever opens too many is noted, as a program is."""
        caller = caller_of(self.scope)
        try:
            self.places.take_for(caller)
            self.places.take("user", str(self.scope["user"].pk))
        except Problem as problem:
            rejected_requests.note_problem(problem, caller, "WS", self.scope["path"])
            return False
        return True

    async def disconnect(self, code: int) -> None:
        self.stop()

    def stop(self) -> None:
        if self.running:
            self.running.cancel()

    async def run(self) -> None:
        """While the database is away the page hears nothing; what it missed it then fetches by itself."""
        try:
            await self.begin()
        except DatabaseError:
            await self.close(code=AWAY)
        except Exception:
            logger.exception("a page's connection failed")
            await self.close(code=FAILED)

    async def begin(self) -> None:
        if (visibility := await self.visibility()) is None:
            await self.close(code=NOT_SIGNED_IN)
            return
        if not self.pages[self.page_state.page].is_open_to(visibility):
            await self.close(code=NOT_ALLOWED)
            return
        self.page_state = replace(self.page_state, visibility=visibility)
        await self.follow(await self.chosen())

    async def chosen(self) -> EventFilter | None:
        """None where the query cannot be read."""
        try:
            return await in_thread(PAGE_THREADS, lambda: wanted(self.page_state))
        except InvalidFilter:
            return None

    async def follow(self, chosen: EventFilter | None) -> None:
        """Send a frame for each of the hub's, for as long as the viewer may see them."""
        sent, checked = page_frames.Sent(), time.monotonic()
        async with get_hub().subscribe(self.matcher(chosen)) as subscription:
            async for frame in subscription:
                if time.monotonic() - checked > CHECK_SESSION_S:
                    checked = time.monotonic()
                    if code := await self.ending():
                        await self.close(code=code)
                        return
                if not await self.show(frame, sent):
                    subscription.wake()

    async def ending(self) -> int | None:
        """The code to close with, where this viewer may not watch on as before."""
        if self.scope.get("remote_user") and time.monotonic() - self.opened > sessions.PROXY_SIGN_IN_S:
            return AWAY  # the page connects again, by the proxy
        visibility = await self.visibility()
        if visibility == self.page_state.visibility:
            return None
        return NOT_SIGNED_IN if visibility is None else VISIBILITY_CHANGED

    def matcher(self, chosen: EventFilter | None) -> Any:
        if chosen is None or not self.pages[self.page_state.page].stream:
            return lambda recorded: False
        return lambda recorded: is_visible(recorded) and chosen.matches(recorded)

    async def show(self, frame: Frame, sent: page_frames.Sent) -> bool:
        """Whether the page has everything by then; otherwise some of its regions wait, and the next frame is due."""
        rendered = await render_throttle.regions_of(self.pages[self.page_state.page], self.page_state, frame)
        changed = sent.changed(rendered, time.monotonic()) if rendered else {}
        rows = await self.rows(frame) if frame.events else []
        for message in page_frames.messages(frame, changed, rows, self.page_state):
            await self.send(text_data=message)
        return rendered is not None and not sent.waiting

    async def rows(self, frame: Frame) -> Any:
        seen = self.page_state.visibility.boards
        return await single_flight.once(page_frames.key_of_rows(frame, seen), lambda: page_frames.rows_of(frame, seen))

    async def visibility(self) -> Visibility | None:
        """As it is now; None where nobody is signed in any more."""
        key, remote_user = self.scope["session"].session_key, self.scope.get("remote_user", "")
        return await in_thread(PAGE_THREADS, lambda: sessions.visibility_of_session(key, remote_user))


def is_visible(recorded: RecordedEvent) -> bool:
    """Pages do not show removals: see `marcus_events.log.removed_positions`."""
    return recorded.event_type != EventTypes.BOARD_REMOVED
