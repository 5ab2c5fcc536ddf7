"""Causes and effects of a task's events, as trees of events.

An event names its cause (`causation_id`) and the first event of its tree (`correlation_id`). Some producers name only
the cause: such an event belongs to the tree of its cause. Causes and effects may be events of other tasks.

    task_blocked                    correlation_id: itself
    └ blocker_answered              causation_id: task_blocked
      └ task_unblocked              causation_id: blocker_answered
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.queries.labels import named
from dashboard.row_grouping import group_key
from dashboard.visibility import Visibility
from marcus_events.core.causal_tree import Trace, build_tree, correlation_of, named_cause
from marcus_events.core.causation import CORRELATION
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.log import board_removals, related_events
from marcus_events.search.masking import masked

MAX_RELATED = 200  # events that are read besides the task's own
MAX_STEPS = 60  # events that are shown
MAX_DEPTH = 6  # deeper events are shown at this depth: lists that are nested further cannot be read


@dataclass(frozen=True)
class CausalStep:
    """An event of a tree, with the tags that put it into nested HTML lists.

    `opens_list`: a `<ul>` comes before its item. `has_sublist`: its item stays open for the list of its effects.
    `closed_lists`: a `</ul>` comes after it for each, innermost first; True where the item around that list ends too.

        <ul><li>task_blocked                opens_list, has_sublist
        <ul><li>blocker_answered            opens_list, has_sublist
        <ul><li>task_unblocked</li>         opens_list
        </ul></li></ul></li></ul>           closed_lists = [True, True, False]
    """

    event: RecordedEvent
    opens_list: bool
    has_sublist: bool
    closed_lists: list[bool]
    times: int = 1  # effects like this one; the newest is shown


def causal_steps(events: Sequence[RecordedEvent], board_id: str, visibility: Visibility) -> list[CausalStep]:
    """The trees that hold any of these events (of a board, newest first), the newest tree first.

    Only trees with at least one effect are shown; there are none where no event names a cause.
    """
    related = [event for event in with_related(events, board_id, visibility) if visibility.shows(event)]
    by_id = {event.event.event_id: event for event in masked(without_removed(related), visibility.boards)}
    trees = [found for found in causal_trees(by_id) if found.effects]
    steps = [step for found in trees for step in depth_first(found, by_id)][:MAX_STEPS]
    labelled = named([by_id[event.event_id] for event, _, _ in steps])
    nested = as_nested_lists([(event, depth) for event, (_, depth, _) in zip(labelled, steps, strict=True)])
    return [replace(found, times=times) for found, (_, _, times) in zip(nested, steps, strict=True)]


def with_related(events: Sequence[RecordedEvent], board_id: str, visibility: Visibility) -> list[RecordedEvent]:
    """The events, their effects, their causes and the first events of their trees, in order of position."""
    own_ids = [event.event.event_id for event in events]
    correlations = [name for event in events if (name := correlation_of(event.event)) not in own_ids]
    effects = related_events.related_to([*own_ids, *dict.fromkeys(correlations)], board_id, MAX_RELATED)
    found = {event.position: event for event in [*events, *effects]}
    known_ids = {event.event.event_id for event in found.values()}
    cause_ids = {*correlations, *(named_cause(Trace(event.event)) for event in events)} - known_ids - {""}
    causes = related_events.causes_named(cause_ids, board_id, visibility.boards)
    found |= {event.position: event for event in causes}
    return [found[position] for position in sorted(found)]


def without_removed(events: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    """The events that no later removal of their board hides."""
    removed = board_removals.last_removals({event.board_id for event in events if event.board_id})
    return [event for event in events if event.position > removed.get(event.board_id or "", 0)]


def causal_trees(by_id: dict[str, RecordedEvent]) -> list[Trace]:
    """A tree for each first event, the newest first. `by_id` is in order of position."""
    tree_of: dict[str, str] = {}  # the correlation of each event, also where only its cause names it
    members: dict[str, list[Event]] = defaultdict(list)
    for event_id, recorded in by_id.items():
        cause_id = named_cause(Trace(recorded.event))
        tree_of[event_id] = tree_of.get(cause_id, correlation_of(recorded.event) or event_id)
        members[tree_of[event_id]].append(with_correlation(recorded.event, tree_of[event_id]))
    trees = [build_tree(group, correlation) for correlation, group in members.items()]
    return [found for found in reversed(trees) if found]


def with_correlation(event: Event, correlation: str) -> Event:
    return replace(event, metadata=(event.metadata or {}) | {CORRELATION: correlation})


def depth_first(root: Trace, by_id: Mapping[str, RecordedEvent]) -> Iterator[tuple[Event, int, int]]:
    """Every event of a tree with its depth, from 1 to MAX_DEPTH, each cause before its effects.

    Repeated effects of one cause come once, with their number, see `fold_repeated`.
    """
    stack = [(root, 1, 1)]
    while stack:
        found, depth, times = stack.pop()
        yield found.event, depth, times
        effects = fold_repeated(found.effects, by_id)
        stack += [(effect, min(depth + 1, MAX_DEPTH), number) for effect, number in reversed(effects)]


def fold_repeated(effects: Sequence[Trace], by_id: Mapping[str, RecordedEvent]) -> list[tuple[Trace, int]]:
    """The effects, similar ones without effects of their own as the newest of them; see `row_grouping`."""
    folded: dict[str, tuple[Trace, int]] = {}
    for effect in effects:
        key = "" if effect.effects else group_key(by_id[effect.event.event_id])
        _, number = folded.get(key, (effect, 0))
        folded[key or effect.event.event_id] = (effect, number + 1 if key else 1)
    return list(folded.values())


def as_nested_lists(steps: Sequence[tuple[RecordedEvent, int]]) -> list[CausalStep]:
    depths = [depth for _, depth in steps]
    return [
        CausalStep(
            event,
            opens_list=depth > before,
            has_sublist=after > depth,
            closed_lists=[closed > 1 for closed in range(depth, after, -1)],
        )
        for (event, depth), before, after in zip(steps, [0, *depths[:-1]], [*depths[1:], 0], strict=False)
    ]
