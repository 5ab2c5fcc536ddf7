"""Cause and effect among a task's events, including related events of other tasks.

An event names its cause (`causation_id`) and the first event of its chain (`correlation_id`). Without the latter, an
event belongs to its cause's chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dashboard.queries.labels import named
from dashboard.visibility import Visibility
from marcus_events.core.causal_tree import Trace, correlation_of, named_cause, tree
from marcus_events.core.causation import CORRELATION
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.log import board_removals, related_events
from marcus_events.search.masking import masked

MAX_RELATED = 200  # related events read
MAX_STEPS = 60  # shown
MAX_DEPTH = 6  # deeper steps are listed at this level, for readability


@dataclass(frozen=True)
class CausalStep:
    """An event in a tree of nested lists.

    `opens` says that a list begins with it; `is_open` that its item contains the next list. `closes` are the lists that
    end after it, innermost first: each says whether the enclosing item ends too, which the outermost list has none of.
    """

    event: RecordedEvent
    opens: bool
    is_open: bool
    closes: list[bool]


def chains(events: Sequence[RecordedEvent], board_id: str, visibility: Visibility) -> list[CausalStep]:
    """Return the trees that these events (newest first) belong to, newest first; none if no event has a cause or
    effect.
    """
    seen = [event for event in with_related(events, board_id, visibility) if visibility.shows(event)]
    removed = board_removals.last_removals({event.board_id for event in seen if event.board_id})
    here = [event for event in seen if event.position > removed.get(event.board_id or "", 0)]
    found = masked(here, visibility.boards)
    pool = {event.event.event_id: event for event in found}
    trees = [found for found in forest(pool) if found.effects]
    steps = [step for found in trees for step in levels(found, 1)][:MAX_STEPS]
    shown = named([pool[event.event_id] for event, _ in steps])
    return nested([(event, level) for event, (_, level) in zip(shown, steps, strict=True)])


def with_related(events: Sequence[RecordedEvent], board_id: str, visibility: Visibility) -> list[RecordedEvent]:
    """Return the events with their chains, effects and causes, in the order of the log."""
    own = [event.event.event_id for event in events]
    stated = [name for event in events if (name := correlation_of(event.event)) not in own]
    related = related_events.related_to([*own, *dict.fromkeys(stated)], board_id, MAX_RELATED)
    found = {event.position: event for event in [*events, *related]}
    causes = {*stated, *(named_cause(Trace(event.event)) for event in events)}
    known = {event.event.event_id for event in found.values()}
    named = related_events.causes_named(causes - known - {""}, board_id, visibility.boards)
    found |= {event.position: event for event in named}
    return [found[position] for position in sorted(found)]


def forest(pool: dict[str, RecordedEvent]) -> list[Trace]:
    """Return a tree for each event without a cause, newest first."""
    belongs: dict[str, str] = {}
    groups: dict[str, list[Event]] = defaultdict(list)
    for event_id, recorded in pool.items():
        belongs[event_id] = belongs.get(named_cause(Trace(recorded.event)), correlation_of(recorded.event) or event_id)
        groups[belongs[event_id]].append(with_correlation(recorded.event, belongs[event_id]))
    found = [tree(group, correlation) for correlation, group in groups.items()]
    return [trace for trace in found[::-1] if trace]


def with_correlation(event: Event, correlation: str) -> Event:
    return replace(event, metadata=(event.metadata or {}) | {CORRELATION: correlation})


def levels(trace: Trace, level: int) -> Iterator[tuple[Event, int]]:
    """Yield causes before effects."""
    todo = [(trace, level)]
    while todo:
        found, depth = todo.pop()
        yield found.event, depth
        todo += [(effect, min(depth + 1, MAX_DEPTH)) for effect in reversed(found.effects)]


def nested(steps: Sequence[tuple[RecordedEvent, int]]) -> list[CausalStep]:
    depths = [0, *(level for _, level in steps), 0]
    return [
        CausalStep(
            event, level > depths[n], depths[n + 2] > level, [own > 1 for own in range(level, depths[n + 2], -1)]
        )
        for n, (event, level) in enumerate(steps)
    ]
