"""Reads earlier events: from persistence where it answers, otherwise from memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

from marcus_events.bus.persistence import Persistence, SharedLog
from marcus_events.core.causal_tree import Trace, build_tree, correlation_of
from marcus_events.core.event import Event
from marcus_events.core.predicates import EventPredicate

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

READ_TIMEOUT_S = 5.0
MAX_SEARCHED = 1_000  # events read from a persistence that cannot search by correlation


class ReadFailed(RuntimeError):
    """Persistence failed, or took too long."""


async def newest_events(
    persistence: Persistence | None, in_memory: Sequence[Event], event_type: str | None, source: str | None, limit: int
) -> list[Event]:
    """The newest events of a type and a source, oldest first."""
    if persistence is not None:
        reading = persistence.get_events(event_type=event_type, source=source, limit=limit)
        try:
            if (found := await read_in_time(reading)) is not None:
                return found
        except ReadFailed as error:
            logger.warning("persistence did not answer; history comes from memory: %s", error)
    matching = [e for e in in_memory if event_type in (None, "", e.event_type) and source in (None, "", e.source)]
    return matching[-limit:] if limit > 0 else []


async def first_after(
    after: Event, matches: EventPredicate, recent: Sequence[Event], persistence: Persistence | None
) -> Event | None:
    """The first matching event after another one: from the log if there is one, otherwise from memory.

    Memory also has what could not be stored yet.
    """
    if isinstance(persistence, SharedLog):
        try:
            if found := await read_in_time(first_in_log(persistence, after, matches)):
                return found
        except ReadFailed as error:
            logger.warning("the log did not answer; events after %s come from memory: %s", after.event_id, error)
    return next(filter(matches, events_behind(after, recent)), None)


def events_behind(after: Event, recent: Sequence[Event]) -> list[Event]:
    """The events that follow another one; by their timestamps if that one is not among them."""
    events = list(recent)
    for n, event in enumerate(events):
        if (event.event_id, event.source) == (after.event_id, after.source):
            return events[n + 1 :]
    return [event for event in events if event.timestamp > after.timestamp]


async def first_in_log(log: SharedLog, after: Event, matches: EventPredicate) -> Event | None:
    async for event in log.events_after(after):
        if matches(event):
            return event
    return None


async def trace_of(event: Event, persistence: Persistence | None, recent: Iterable[Event]) -> Trace:
    """The causal tree that an event belongs to."""
    correlation_id = correlation_of(event)
    stored = await stored_events_of(correlation_id, persistence)
    known = {(e.source, e.event_id): e for e in (*stored, *recent, event)}
    return build_tree(known.values(), correlation_id) or Trace(event)


async def stored_events_of(correlation_id: str, persistence: Persistence | None) -> list[Event]:
    if persistence is None:
        return []
    try:
        if isinstance(persistence, SharedLog):
            return await read_in_time(persistence.related(correlation_id))
        return await read_in_time(persistence.get_events(limit=MAX_SEARCHED))
    except ReadFailed as error:
        logger.warning("persistence did not answer; the trace comes from memory: %s", error)
        return []


async def read_in_time(reading: Awaitable[Result]) -> Result:
    """The result of reading from persistence. Raises ReadFailed, even if the reading ignores its cancellation."""
    task = asyncio.ensure_future(reading)
    done, _ = await asyncio.wait({task}, timeout=READ_TIMEOUT_S)
    if not done:
        task.cancel()
        raise ReadFailed(f"no answer within {READ_TIMEOUT_S:g} s")
    if task.cancelled():
        raise ReadFailed("cancelled")
    if (error := task.exception()) is not None:
        raise ReadFailed(f"{type(error).__name__}: {error}") from error
    return task.result()
