"""Subscriptions of handlers, and the lookup of the handlers of an event type.

`Events.subscribers` is a plain dict, as Marcus documents it: event type or pattern → handlers. Programs may read and
change it. A plain function in one of its lists is called like a handler that was subscribed.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from marcus_events.bus.handler_metrics import HandlerStats
from marcus_events.core.event import Event
from marcus_events.core.patterns import like
from marcus_events.core.predicates import EventPredicate

Handler = Callable[[Event], Awaitable[Any] | Any]

MAX_CACHED_LOOKUPS = 1_000  # event types; a type's name may come from anyone


class HandlerSubscription:
    """A handler with the options it was subscribed with.

    It can be called like the handler and is equal to it, so that a list of subscriptions can be searched for a handler.
    """

    __slots__ = ("handler", "in_thread", "matches", "patterns", "stats", "timeout_s")

    def __init__(
        self,
        patterns: tuple[str, ...],
        handler: Handler,
        stats: HandlerStats,
        *,
        matches: EventPredicate | None = None,
        timeout_s: float | None = None,
        in_thread: bool = False,
    ) -> None:
        self.patterns = patterns
        self.handler = handler
        self.stats = stats
        self.matches = matches
        self.timeout_s = timeout_s
        self.in_thread = in_thread

    def __call__(self, event: Event) -> Awaitable[Any] | Any:
        return self.handler(event)

    def __eq__(self, other: object) -> bool:
        return self is other or self.handler == (other.handler if isinstance(other, HandlerSubscription) else other)

    def __hash__(self) -> int:
        return hash(self.handler)

    def __repr__(self) -> str:
        return f"<Subscription of {self.stats.handler} to {', '.join(self.patterns)}>"


def handler_name(handler: object) -> str:
    """The handler's dotted name, by which it can be found in the code."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{getattr(named, '__module__', '?')}.{getattr(named, '__qualname__', named)}"


def handlers_of(subscribers: dict[str, list[Handler]], event_type: str) -> list[Handler]:
    """The handlers of an event type: first those subscribed to its name, then those of matching patterns.

    A subscription to several patterns is in the list of each of them, and is returned once.
    """
    keys = matching_keys(tuple(subscribers), event_type)
    if len(keys) < 2:
        return [*subscribers.get(keys[0], ())] if keys else []
    found = [handler for key in keys for handler in subscribers.get(key, ())]
    # A plain function, which a program put there, is called as often as it is listed.
    unique = {id(each) if isinstance(each, HandlerSubscription) else -n: each for n, each in enumerate(found)}
    return list(unique.values())


@functools.lru_cache(MAX_CACHED_LOOKUPS)
def matching_keys(keys: tuple[str, ...], event_type: str) -> tuple[str, ...]:
    """The keys of `Events.subscribers` that match an event type: its own name, then the patterns in their order."""
    own_name = [key for key in keys if key == event_type]
    return (*own_name, *(key for key in keys if "*" in key and key != event_type and like(key, event_type)))


def remove_handler(subscribers: dict[str, list[Handler]], pattern: str, handler: Handler) -> None:
    """Remove a handler, and its list with it when that is empty. Does nothing if it was not subscribed."""
    handlers = subscribers.get(pattern, [])
    handlers[:] = [other for other in handlers if other != handler]
    if not handlers:
        subscribers.pop(pattern, None)
