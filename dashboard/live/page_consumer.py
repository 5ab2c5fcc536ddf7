"""The WebSocket of an open page: sends frames of HTML and accepts no messages.

1. Only signed-in users may connect; others are closed with 4401, and the page shows the sign-in form. Session and
   visibility are checked again every half minute: signing out or being deactivated ends open connections, and a change
   of visibility makes the page reload (4409).
2. The URL holds the page state, like the page's own. An invalid query has no rows; the page explains it.
3. The consumer subscribes to the hub before it reads. So events between the page's response and now arrive twice rather
   than never: the page fetches everything after its own head over HTTP and drops duplicates.
4. A frame means that the log is readable. While it is not, no frame is sent, and the page shows that it is offline.
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
from dashboard.live.visible_events import visible_filter
from dashboard.visibility import Visibility
from marcus_events.access import sessions
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.worker_threads import PAGE_THREADS, run_in_thread
from marcus_events.live.hub import get_hub
from marcus_events.live.hub_subscription import Frame
from marcus_events.websocket.connections import caller_of

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
NO_SUCH_PAGE = 4404
VISIBILITY_CHANGED = 4409
TOO_MANY_CONNECTIONS = 4429  # open pages of this user, or connections from this address
FAILED, UNAVAILABLE = 4500, 4503  # servers may only send 1000 and codes from 3000; the page reconnects
SESSION_CHECK_INTERVAL_S = 30.0

logger = logging.getLogger(__name__)


class LivePage(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One connection of one page."""

    page_state: PageState
    slots: ConnectionSlots
    task: asyncio.Task[None] | None = None

    def __init__(self, pages: Mapping[str, Page]) -> None:
        """`pages` maps names to pages, see `dashboard.routing`."""
        super().__init__()
        self.pages = pages

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the connection; however it ends, cancel its task and release its slots."""
        with ConnectionSlots() as self.slots:
            try:
                await super().__call__(scope, receive, send)
            finally:
                self.stop()

    async def connect(self) -> None:
        """Accept first: browsers do not see why a handshake was refused."""
        self.opened = time.monotonic()
        await self.accept()
        parameters = dict(parse_qsl(self.scope["query_string"].decode("latin-1")))
        self.page_state = PageState.from_query(parameters.get("page", ""), parameters)
        if not self.scope["user"].is_authenticated:
            await self.close(code=NOT_SIGNED_IN)
        elif self.page_state.page not in self.pages:
            await self.close(code=NO_SUCH_PAGE)
        elif not self.acquire_slots():
            await self.close(code=TOO_MANY_CONNECTIONS)
        else:
            self.task = asyncio.create_task(self.run())

    def acquire_slots(self) -> bool:
        """Return whether the user and address may open another connection; record a rejected request otherwise."""
        caller = caller_of(self.scope)
        try:
            self.slots.take_for(caller)
            self.slots.take("user", str(self.scope["user"].pk))
        except Problem as problem:
            rejected_requests.record_problem(problem, caller, "WS", self.scope["path"])
            return False
        return True

    async def disconnect(self, code: int) -> None:
        self.stop()

    def stop(self) -> None:
        if self.task:
            self.task.cancel()

    async def run(self) -> None:
        """Serve the page. While the database is unavailable nothing is sent; the page fetches what it missed after
        reconnecting.
        """
        try:
            await self.start()
        except DatabaseError:
            await self.close(code=UNAVAILABLE)
        except Exception:
            logger.exception("a page's connection failed")
            await self.close(code=FAILED)

    async def start(self) -> None:
        if (visibility := await self.visibility()) is None:
            await self.close(code=NOT_SIGNED_IN)
            return
        if not self.pages[self.page_state.page].is_open_to(visibility):
            await self.close(code=NOT_ALLOWED)
            return
        self.page_state = replace(self.page_state, visibility=visibility)
        await self.send_frames(await self.parse_filter())

    async def parse_filter(self) -> EventFilter | None:
        """Return the events to stream; None if the query is invalid."""
        try:
            return await run_in_thread(PAGE_THREADS, lambda: visible_filter(self.page_state))
        except InvalidFilter:
            return None

    async def send_frames(self, parse_filter: EventFilter | None) -> None:
        """Send the hub's frames for as long as the viewer may see them."""
        sent, checked = page_frames.SentRegions(), time.monotonic()
        async with get_hub().subscribe(self.matcher(parse_filter)) as subscription:
            async for frame in subscription:
                if time.monotonic() - checked > SESSION_CHECK_INTERVAL_S:
                    checked = time.monotonic()
                    if code := await self.close_code():
                        await self.close(code=code)
                        return
                if not await self.send_frame(frame, sent):
                    subscription.wake()

    async def close_code(self) -> int | None:
        """Return the code to close with if the session or its visibility has changed, else None."""
        if self.scope.get("remote_user") and time.monotonic() - self.opened > sessions.PROXY_SIGN_IN_S:
            return UNAVAILABLE  # the page reconnects through the proxy
        visibility = await self.visibility()
        if visibility == self.page_state.visibility:
            return None
        return NOT_SIGNED_IN if visibility is None else VISIBILITY_CHANGED

    def matcher(self, parse_filter: EventFilter | None) -> Any:
        if parse_filter is None or not self.pages[self.page_state.page].stream:
            return lambda recorded: False
        return lambda recorded: is_streamed(recorded) and parse_filter.matches(recorded)

    async def send_frame(self, frame: Frame, sent: page_frames.SentRegions) -> bool:
        """Send the rows, which do not wait for the regions, and then the regions. Return whether the page is up to
        date; otherwise regions are delayed and the next frame is due.
        """
        has_rows = bool(frame.events or frame.missed)
        if has_rows:
            await self.send_messages(await self.row_messages(frame))
        rendered = await render_throttle.render_regions(self.pages[self.page_state.page], self.page_state, frame)
        due = sent.pop_due(rendered, time.monotonic()) if rendered else {}
        if due or not has_rows:
            await self.send_messages(page_frames.region_messages(frame, due))
        return rendered is not None and not sent.has_delayed

    async def row_messages(self, frame: Frame) -> list[str]:
        """Return what all viewers who receive the same rows are sent; it is made once."""
        return await single_flight.run(
            page_frames.rows_key(frame, self.page_state), lambda: page_frames.row_messages(frame, self.page_state)
        )

    async def send_messages(self, messages: list[str]) -> None:
        for message in messages:
            await self.send(text_data=message)

    async def visibility(self) -> Visibility | None:
        """Return the viewer's current visibility; None if nobody is signed in any more."""
        key, remote_user = self.scope["session"].session_key, self.scope.get("remote_user", "")
        return await run_in_thread(PAGE_THREADS, lambda: sessions.visibility_of_session(key, remote_user))


def is_streamed(recorded: RecordedEvent) -> bool:
    """Pages do not show removals: see `marcus_events.log.removed_positions`."""
    return recorded.event_type != EventTypes.BOARD_REMOVED
