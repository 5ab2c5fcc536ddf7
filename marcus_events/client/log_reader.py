"""Reading the log of a dashboard over HTTP: the newest, the next one, and everything as it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx

from marcus_events.core.backoff import pauses
from marcus_events.core.event import Event
from marcus_events.core.filters import EventFilter
from marcus_events.core.predicates import Where, as_patterns, condition

logger = logging.getLogger(__name__)

WAIT_S = 25  # of one request; proxies in between give up after a minute
PAGE = 500  # events in a request
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0


class Reading:
    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._timeout_s = timeout_s

    async def newest(self, event_type: str | None, source: str | None, limit: int) -> list[Event]:
        """Oldest first. Raises httpx.HTTPError."""
        query = {"type": event_type, "source": source, "limit": limit}
        async with self._open() as http:
            page = await self._get(http, "/api/events", {key: value for key, value in query.items() if value})
        return [event_from(stated) for stated in reversed(page["events"])]

    async def wait(
        self, event_type: str | Sequence[str], timeout_s: float | None, after: Event | int | None, where: Where | None
    ) -> Event | None:
        """By one call that waits, again and again: so the dashboard can tell people that somebody does."""
        query, wanted = query_of(event_type, where)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._open() as http:
                position = await self._begin(http, after)
                while True:
                    next_one = query | {"after": position, "timeout": WAIT_S}
                    answer = await self._patiently(http, "/api/events/wait", next_one)
                    position = before(answer) + (answer["event"] is not None)
                    if answer["event"] and wanted(event := event_from(answer["event"])):
                        return event
        return None

    async def stream(
        self, event_type: str | Sequence[str], after: Event | int | None, where: Where | None
    ) -> AsyncGenerator[Event, None]:
        """Raises httpx.HTTPStatusError where the dashboard refuses to answer; waits where it cannot."""
        query, wanted = query_of(event_type, where)
        async with self._open() as http:
            position = await self._begin(http, after)
            while True:
                page = await self._patiently(http, "/api/events", query | {"after": position, "limit": PAGE})
                for stated in page["events"]:
                    position = stated["position"]
                    if wanted(event := event_from(stated)):
                        yield event
                if not page["events"]:
                    position = max(position, page["head"])
                    next_one = query | {"after": position, "timeout": WAIT_S}
                    position = before(await self._patiently(http, "/api/events/wait", next_one))

    async def _begin(self, http: httpx.AsyncClient, after: Event | int | None) -> int:
        """The position to read after: an event's, or the head."""
        if isinstance(after, int):
            return after
        if after is None:
            return int((await self._patiently(http, "/api/events", {"limit": 1}))["head"])
        return before(await self._patiently(http, "/api/events/wait", {"after_event": after.event_id, "timeout": 0}))

    async def _patiently(self, http: httpx.AsyncClient, path: str, query: dict[str, Any]) -> Any:
        """Again and again, for as long as the dashboard is away."""
        for pause in pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S):
            try:
                return await self._get(http, path, query)
            except httpx.TransportError as error:
                logger.debug("%s does not respond: %s", self._url, error)
            except httpx.HTTPStatusError as error:
                if not may_pass(error.response.status_code):
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _get(self, http: httpx.AsyncClient, path: str, query: dict[str, Any]) -> Any:
        response = await http.get(path, params=query)
        response.raise_for_status()
        return response.json()

    def _open(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._token}"}
        timeout = httpx.Timeout(self._timeout_s, read=self._timeout_s + WAIT_S)
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=timeout)


def before(answer: dict[str, Any]) -> int:
    """The position behind which to go on, by what waiting was answered with."""
    event = answer["event"]
    return int(answer["head"] if event is None else event["position"] - 1)


def query_of(event_type: str | Sequence[str], where: Where | None) -> tuple[dict[str, Any], Callable[[Event], bool]]:
    """What the dashboard is asked, and what is left to ask here."""
    types = as_patterns(event_type)
    query: dict[str, Any] = {} if "*" in types else {"type": ",".join(types)}
    if isinstance(where, Mapping) and isinstance(task := where.get("data.task_id"), str) and "," not in task:
        query["task"] = task
    if isinstance(where, EventFilter):
        return query | {"q": str(where)}, lambda event: True
    return query, condition(where) or (lambda event: True)


def may_pass(status: int) -> bool:
    return status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS


def event_from(stated: dict[str, Any]) -> Event:
    return Event(
        stated["event_id"],
        datetime.fromisoformat(stated["timestamp"]),
        stated["event_type"],
        stated["source"],
        stated["data"],
        stated["metadata"],
    )
