"""Who hears what: subscriptions, and the table that finds those of a type."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from marcus_events.bus.handler_metrics import HandlerStats
from marcus_events.core.event import Event
from marcus_events.core.patterns import like
from marcus_events.core.predicates import EventPredicate

Handler = Callable[[Event], Awaitable[Any] | Any]

MAX_KNOWN_TYPES = 1_000  # whose subscribers are remembered; a type's name may come from anyone


class HandlerSubscription:
    """A handler with what was asked for it. It is called like the handler, and equals it: a list of subscriptions can
    be searched for a handler.
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


def name_of(handler: object) -> str:
    """A name that a person finds in the code."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{getattr(named, '__module__', '?')}.{getattr(named, '__qualname__', named)}"


class Subscribers(dict[str, list[Any]]):
    """By type or pattern, the list of its subscriptions; a missing list is empty.

    It may be read and changed like any dict of lists: whoever puts a plain handler into a list is heard too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lists: dict[str, tuple[list[Any], ...]] = {}  # event type → lists of what matches it

    def of(self, event_type: str) -> list[Any]:
        """Everyone who subscribed to this type: by its name first, then by patterns in their order. Each once."""
        lists = self._lists.get(event_type)
        if lists is None:
            lists = self._find(event_type)
        if len(lists) == 1:
            return lists[0].copy()
        found = [entry for entries in lists for entry in entries]
        return found if all(len(getattr(entry, "patterns", ())) < 2 for entry in found) else each_once(found)

    def discard(self, pattern: str, handler: object) -> None:
        if kept := [entry for entry in self.get(pattern, []) if entry != handler]:
            self[pattern][:] = kept
        else:
            self.pop(pattern, None)

    def _find(self, event_type: str) -> tuple[list[Any], ...]:
        named = [pattern for pattern in self if pattern == event_type]
        alike = [pattern for pattern in self if "*" in pattern and pattern != event_type and like(pattern, event_type)]
        if len(self._lists) >= MAX_KNOWN_TYPES:
            self._lists.clear()
        return self._lists.setdefault(event_type, tuple(self[pattern] for pattern in named + alike))

    def __missing__(self, pattern: str) -> list[Any]:
        self[pattern] = []
        return self[pattern]

    def __setitem__(self, pattern: str, entries: list[Any]) -> None:
        super().__setitem__(pattern, entries)
        self._lists.clear()

    def __delitem__(self, pattern: str) -> None:
        super().__delitem__(pattern)
        self._lists.clear()

    def setdefault(self, pattern: str, entries: list[Any] | None = None) -> list[Any]:
        if pattern not in self:
            self[pattern] = [] if entries is None else entries
        return self[pattern]

    def update(self, *others: Any, **more: list[Any]) -> None:
        super().update(*others, **more)
        self._lists.clear()

    def pop(self, pattern: str, default: Any = None) -> Any:
        self._lists.clear()
        return super().pop(pattern, default)

    def clear(self) -> None:
        super().clear()
        self._lists.clear()


def each_once(entries: list[Any]) -> list[Any]:
    """Who subscribed to several patterns at once is called once; who subscribed twice, twice."""
    several = {id(entry): entry for entry in entries if is_several(entry)}
    return [entry for entry in entries if not is_several(entry) or several.pop(id(entry), None) is not None]


def is_several(entry: object) -> bool:
    return isinstance(entry, HandlerSubscription) and len(entry.patterns) > 1
