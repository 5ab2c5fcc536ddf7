"""Reads the log of a dashboard over HTTP: the newest events, the next one, and all as they are published."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx

from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import Event
from marcus_events.core.filters import EventFilter
from marcus_events.core.predicates import EventPredicate, Where, as_patterns, combine

logger = logging.getLogger(__name__)

LONG_POLL_S = 25  # of one request; proxies in between give up after a minute
PAGE_SIZE = 500  # events in a response
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0


class LogReader:
    """Reads by position. The methods that wait retry for as long as the dashboard is down."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._timeout_s = timeout_s

    async def newest(self, event_type: str | None, source: str | None, limit: int) -> list[Event]:
        """The newest events, oldest first. Raises httpx.HTTPError."""
        query = {"type": event_type, "source": source, "limit": limit}
        async with self._open() as http:
            page = await self._get(http, "/api/events", {key: value for key, value in query.items() if value})
        return [event_from_json(fields) for fields in reversed(page["events"])]

    async def wait(
        self, event_type: str | Sequence[str], timeout_s: float | None, after: Event | int | None, where: Where | None
    ) -> Event | None:
        """The next matching event, or None when the time is up.

        It long-polls the address that waits for an event, so that the dashboard can show that an agent is waiting.
        """
        query, matches = request_query(event_type, where)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._open() as http:
                position = await self._start_position(http, after)
                while True:
                    answer = await self._long_poll(http, query, position)
                    position = position_before(answer) + (answer["event"] is not None)
                    if answer["event"] and matches(event := event_from_json(answer["event"])):
                        return event
        return None

    async def stream(
        self, event_type: str | Sequence[str], after: Event | int | None, where: Where | None
    ) -> AsyncGenerator[Event, None]:
        """All matching events, without end. Raises httpx.HTTPStatusError if the dashboard rejects the request."""
        query, matches = request_query(event_type, where)
        async with self._open() as http:
            position = await self._start_position(http, after)
            while True:
                page_query = query | {"after": position, "limit": PAGE_SIZE}
                page = await self._get_with_retries(http, "/api/events", page_query)
                for fields in page["events"]:
                    position = fields["position"]
                    if matches(event := event_from_json(fields)):
                        yield event
                if not page["events"]:
                    position = max(position, page["head"])
                    position = position_before(await self._long_poll(http, query, position))

    async def _start_position(self, http: httpx.AsyncClient, after: Event | int | None) -> int:
        """The position to read after: the given one, that of an event, or the head of the log."""
        if isinstance(after, int):
            return after
        if after is None:
            return int((await self._get_with_retries(http, "/api/events", {"limit": 1}))["head"])
        query = {"after_event": after.event_id, "timeout": 0}
        return position_before(await self._get_with_retries(http, "/api/events/wait", query))

    async def _long_poll(self, http: httpx.AsyncClient, query: dict[str, Any], position: int) -> Any:
        """Wait for an event after the position."""
        return await self._get_with_retries(
            http, "/api/events/wait", query | {"after": position, "timeout": LONG_POLL_S}
        )

    async def _get_with_retries(self, http: httpx.AsyncClient, path: str, query: dict[str, Any]) -> Any:
        """Retry for as long as the dashboard is down. Raises httpx.HTTPStatusError if it rejects the request."""
        for pause in backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S):
            try:
                return await self._get(http, path, query)
            except httpx.TransportError as error:
                logger.debug("%s does not respond: %s", self._url, error)
            except httpx.HTTPStatusError as error:
                if not is_temporary(error.response.status_code):
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _get(self, http: httpx.AsyncClient, path: str, query: dict[str, Any]) -> Any:
        response = await http.get(path, params=query)
        response.raise_for_status()
        return response.json()

    def _open(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._token}"}
        timeout = httpx.Timeout(self._timeout_s, read=self._timeout_s + LONG_POLL_S)
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=timeout)


def position_before(answer: dict[str, Any]) -> int:
    """The position just before the event that a long poll returned, or the head of the log if it returned none."""
    event = answer["event"]
    return int(answer["head"] if event is None else event["position"] - 1)


def request_query(event_type: str | Sequence[str], where: Where | None) -> tuple[dict[str, Any], EventPredicate]:
    """What the dashboard can select by, and a predicate for the rest."""
    types = as_patterns(event_type)
    query: dict[str, Any] = {} if "*" in types else {"type": ",".join(types)}
    if isinstance(where, Mapping) and isinstance(task := where.get("data.task_id"), str) and "," not in task:
        query["task"] = task
    if isinstance(where, EventFilter):
        return query | {"q": str(where)}, lambda event: True
    return query, combine(where) or (lambda event: True)


def is_temporary(status: int) -> bool:
    return status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS


def event_from_json(fields: dict[str, Any]) -> Event:
    return Event(
        fields["event_id"],
        datetime.fromisoformat(fields["timestamp"]),
        fields["event_type"],
        fields["source"],
        fields["data"],
        fields["metadata"],
    )
