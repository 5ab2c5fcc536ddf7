"""What caused what: an event that is published while another one is handled says so by itself.

The event that is being handled lies in a context variable, so it follows whatever runs in a copy of the handler's
context: tasks, `asyncio.to_thread`, callbacks. Metadata that names its causes already is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from marcus_events.core.event import Event

CORRELATION = "correlation_id"  # of the event that everything began with
CAUSATION = "causation_id"  # of the event that this one answers

_handled: ContextVar[Event | None] = ContextVar("handled event", default=None)


def current_event() -> Event | None:
    """The event that is being handled here, if any."""
    return _handled.get()


class caused_by:  # noqa: N801 - it is used like a function, and costs a third of a generator's context manager
    """Within the block, what is published is an effect of this event; of none, where None is given."""

    __slots__ = ("_event", "_token")

    def __init__(self, event: Event | None) -> None:
        self._event = event

    def __enter__(self) -> None:
        self._token = _handled.set(self._event)

    def __exit__(self, *error: object) -> None:
        _handled.reset(self._token)


def with_causation(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata of an event that is published here and now, with what it is an effect of."""
    cause = _handled.get()
    if cause is None:
        return dict(metadata) if metadata else {}
    begun_with = (cause.metadata or {}).get(CORRELATION, cause.event_id)
    return {CORRELATION: begun_with, CAUSATION: cause.event_id, **(metadata or {})}
