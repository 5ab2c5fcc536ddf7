"""Turn the arguments `where` and `board` of a subscription into a predicate on events.

`where` is one of
- a mapping of paths to required values: `{"metadata.board_id": "proj_123", "data.severity": ["high"]}`; of a list, any
  value matches, and a missing field has the value None;
- a function of the event;
- an `EventFilter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marcus_events.core.event import Event
from marcus_events.core.event_types import canonical
from marcus_events.core.filters import EventFilter
from marcus_events.core.patterns import any_like
from marcus_events.core.references import unrecorded

EventPredicate = Callable[[Event], bool]
Where = Mapping[str, Any] | EventPredicate | EventFilter

FIELDS = ("event_id", "timestamp", "event_type", "source", "data", "metadata")


def matcher(patterns: str | Sequence[str], where: Where | None = None, board: str | None = None) -> EventPredicate:
    """Return the predicate for events of these types that match `where` and `board`.

    A type matches by its canonical name or by its producer's own.
    """
    types, asked = as_patterns(patterns), combine(where, board)
    return lambda event: any(any_like(types, name) for name in names_of(event)) and (asked is None or asked(event))


def as_patterns(patterns: str | Sequence[str]) -> tuple[str, ...]:
    """Return the patterns without duplicates. Raises ValueError if there is none."""
    named = (patterns,) if isinstance(patterns, str) else tuple(dict.fromkeys(patterns))
    if not named or not all(isinstance(name, str) and name for name in named):
        raise ValueError("give at least one event type; * matches any text")
    return named


def names_of(event: Event) -> tuple[str, ...]:
    """Return the event's type, and the producer's alias for it, if any.

    Any producer may write `original_type`, so it counts only if it is an alias of the type.
    """
    original = (event.metadata or {}).get("original_type")
    is_alias = isinstance(original, str) and canonical(original) == event.event_type
    return (event.event_type, str(original)) if is_alias else (event.event_type,)


def combine(where: Where | None = None, board: str | None = None) -> EventPredicate | None:
    """Return the predicate of `where` and `board`; None if neither is given. Raises ValueError for an unknown field."""
    asked = [to_predicate(where)] if where is not None else []
    if board is not None:
        asked.append(filter_predicate(EventFilter().with_term("board", board)))
    if len(asked) < 2:
        return asked[0] if asked else None
    return lambda event: all(ask(event) for ask in asked)


def to_predicate(where: Where) -> EventPredicate:
    if isinstance(where, EventFilter):
        return filter_predicate(where)
    if isinstance(where, Mapping):
        return field_predicate(where)
    if callable(where):
        return where
    raise TypeError(f"where must be fields with values, a function or an EventFilter, not {type(where).__name__}")


def filter_predicate(wanted: EventFilter) -> EventPredicate:
    return lambda event: wanted.matches(unrecorded(event))


def field_predicate(where: Mapping[str, Any]) -> EventPredicate:
    wanted = [(parse_path(name), values_of(value)) for name, value in where.items()]
    return lambda event: all(value_at(event, path) in values for path, values in wanted)


def parse_path(name: str) -> tuple[str, ...]:
    path = tuple(name.split("."))
    if path[0] not in FIELDS:
        raise ValueError(f"“{name}” is not a field of an event; fields are {', '.join(FIELDS)}")
    return path


def values_of(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)


def value_at(event: Event, path: tuple[str, ...]) -> Any:
    found: Any = getattr(event, path[0])
    for step in path[1:]:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
