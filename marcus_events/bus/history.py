"""What was published before now: from persistence where it answers, and from memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

from marcus_events.bus.persistence import Persistence, SharedLog
from marcus_events.core.causal_tree import Trace, correlation_of, tree
from marcus_events.core.event import Event
from marcus_events.core.predicates import EventPredicate

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

ANSWER_WITHIN_S = 5.0  # persistence that takes longer is taken for one that does not answer
LOOK_THROUGH = 1_000  # events asked of a persistence that keeps no order of its own


class NoAnswer(RuntimeError):
    """Persistence failed, or took too long."""


async def history(
    persistence: Persistence | None, remembered: Sequence[Event], event_type: str | None, source: str | None, limit: int
) -> list[Event]:
    if persistence is not None:
        asked = persistence.get_events(event_type=event_type, source=source, limit=limit)
        try:
            if (found := await answer_of(asked)) is not None:
                return found
        except NoAnswer as error:
            logger.warning("persistence did not answer; history comes from memory: %s", error)
    wanted = [e for e in remembered if event_type in (None, "", e.event_type) and source in (None, "", e.source)]
    return wanted[-limit:] if limit > 0 else []


async def first_after(
    after: Event, matches: EventPredicate, recent: Sequence[Event], persistence: Persistence | None
) -> Event | None:
    """The first event behind another one that matches: from the log, where there is one, or from memory, which also has
    what could not be stored yet.
    """
    if isinstance(persistence, SharedLog):
        try:
            if found := await answer_of(first_in_log(persistence, after, matches)):
                return found
        except NoAnswer as error:
            logger.warning(
                "the log did not answer; what came after %s is looked for in memory: %s", after.event_id, error
            )
    return next(filter(matches, behind_in(recent, after)), None)


def behind_in(recent: Sequence[Event], after: Event) -> list[Event]:
    """The events behind another one; by their times, where that one is not among them."""
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
    correlation_id = correlation_of(event)
    stored = await stored_of(persistence, correlation_id)
    known = {(e.source, e.event_id): e for e in (*stored, *recent, event)}
    return tree(known.values(), correlation_id) or Trace(event)


async def stored_of(persistence: Persistence | None, correlation_id: str) -> list[Event]:
    if persistence is None:
        return []
    try:
        if isinstance(persistence, SharedLog):
            return await answer_of(persistence.related(correlation_id))
        return await answer_of(persistence.get_events(limit=LOOK_THROUGH))
    except NoAnswer as error:
        logger.warning("persistence did not answer; the trace comes from memory: %s", error)
        return []


async def answer_of(asked: Awaitable[Answer]) -> Answer:
    """What persistence answers. Raises NoAnswer, also when it ignores that it is no longer waited for."""
    answering = asyncio.ensure_future(asked)
    done, _ = await asyncio.wait({answering}, timeout=ANSWER_WITHIN_S)
    if not done:
        answering.cancel()
        raise NoAnswer(f"not within {ANSWER_WITHIN_S:g} s")
    if answering.cancelled():
        raise NoAnswer("cancelled")
    if (error := answering.exception()) is not None:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    return answering.result()
