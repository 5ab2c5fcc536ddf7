"""Record causation: an event that is published while another one is being handled names it as its cause.

A context variable holds the event being handled, so tasks, `asyncio.to_thread` and callbacks of a handler inherit it.
Causation that the metadata names already is not overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from marcus_events.core.event import Event

CORRELATION = "correlation_id"  # of the event that everything began with
CAUSATION = "causation_id"  # of the event that this one answers

handled_event: ContextVar[Event | None] = ContextVar("handled event", default=None)


def current_event() -> Event | None:
    """Return the event that is being handled in this context, if any."""
    return handled_event.get()


class caused_by:  # noqa: N801 - it is used like a function, and costs a third of a generator's context manager
    """Context manager: events published in the block are effects of this event, or of none for None."""

    __slots__ = ("_event", "_token")

    def __init__(self, event: Event | None) -> None:
        self._event = event

    def __enter__(self) -> None:
        self._token = handled_event.set(self._event)

    def __exit__(self, *error: object) -> None:
        handled_event.reset(self._token)


def with_causation(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the metadata of an event to be published, with the ids of its cause and its correlation."""
    cause = handled_event.get()
    if cause is None:
        return dict(metadata) if metadata else {}
    begun_with = (cause.metadata or {}).get(CORRELATION, cause.event_id)
    return {CORRELATION: begun_with, CAUSATION: cause.event_id, **(metadata or {})}
