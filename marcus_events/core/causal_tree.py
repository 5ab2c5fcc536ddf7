"""Build the causal tree of the events of one correlation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from marcus_events.core.causation import CAUSATION, CORRELATION
from marcus_events.core.event import Event
from marcus_events.core.event_fields import text_in


@dataclass
class Trace:
    """An event and its effects, in the order in which they were published."""

    event: Event
    effects: list[Trace] = field(default_factory=list)

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the event and everything below it, causes before effects."""
        todo = [self]
        while todo:
            trace = todo.pop()
            yield trace.event
            todo += reversed(trace.effects)

    def __str__(self) -> str:
        """Format one line per event, with effects indented below their cause."""
        lines, todo = [], [(self, 0)]
        while todo:
            trace, depth = todo.pop()
            lines.append(f"{'  ' * depth}{trace.event.event_type} {trace.event.event_id}")
            todo += [(effect, depth + 1) for effect in reversed(trace.effects)]
        return "\n".join(lines)


def correlation_of(event: Event) -> str:
    """Return the id of the root event of the correlation: the event's own id if it has no cause."""
    found = text_in((event.metadata or {}).get(CORRELATION))
    return event.event_id if found is None else found


def belongs_to(event: Event, correlation_id: str) -> bool:
    return event.event_id == correlation_id or correlation_of(event) == correlation_id


def build_tree(events: Iterable[Event], correlation_id: str) -> Trace | None:
    """Build the tree of a correlation from events in order; None if none of them belongs to it.

    An event whose cause is missing, is itself or forms a cycle becomes a child of the root.
    """
    traces = {event.event_id: Trace(event) for event in events if belongs_to(event, correlation_id)}
    if not traces:
        return None
    root = traces.get(correlation_id) or next(iter(traces.values()))
    below: dict[str, list[Trace]] = defaultdict(list)
    for trace in traces.values():
        if trace is not root:
            below[parent_id(trace, traces, root)].append(trace)
    return attach_effects(root, below)


def parent_id(trace: Trace, traces: dict[str, Trace], root: Trace) -> str:
    """Return the id of the event's cause, or of the root if the cause is missing or part of a cycle."""
    cause, seen = named_cause(trace), {trace.event.event_id}
    while cause in traces and traces[cause] is not root:
        if cause in seen:
            return root.event.event_id
        seen.add(cause)
        cause = named_cause(traces[cause])
    first = named_cause(trace)
    return first if first in traces else root.event.event_id


def named_cause(trace: Trace) -> str:
    return str((trace.event.metadata or {}).get(CAUSATION, ""))


def attach_effects(root: Trace, below: dict[str, list[Trace]]) -> Trace:
    todo = [root]
    while todo:
        trace = todo.pop()
        trace.effects = below.pop(trace.event.event_id, [])
        todo += trace.effects
    return root
