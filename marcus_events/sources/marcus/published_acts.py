"""Which acts the log holds already, although Marcus's files are no longer those that they were read from.

1. An act is known by the id of any of its records, under a source that it could have had.
2. Where none is known, the records that it was published from may be gone: a database was reset, old logs were
   deleted. Then it is known as the event that has its mark, its time within `CLOSE`, and no other board. One event
   stands for one act: where the reader has seen the record that an event was published from, the event stands for that
   record's act and for no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import product

from marcus_events.core.event import Event
from marcus_events.sources.marcus.act_events import MARCUS
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.sightings import CLOSE

TimeRange = tuple[datetime, datetime]
BoardOf = Callable[[MarcusAct], str | None]


def know(
    acts: list[MarcusAct],
    known: set[tuple[str, str]],
    events_within: Callable[[datetime, datetime], Iterable[Event]],
    board_of: BoardOf,
    is_seen: Callable[[str], bool],
) -> None:
    """Give every act that the log holds its `event_id`; `known` is each (source, event_id) that the log holds with the
    id of a candidate.

    `is_seen` says of a record's id whether the reader has lately met it, in these acts or others.
    """
    for act in acts:
        own = product(act.candidates, sources_of(act))
        act.event_id = next((event_id for event_id, source in own if (source, event_id) in known), None)
    if strangers := [act for act in acts if act.event_id is None]:
        found = events_within(*span(strangers))
        recognise(strangers, [event for event in found if not is_seen(event.event_id)], board_of)


def sources_of(act: MarcusAct) -> list[str]:
    """Marcus, and each agent that a record names: another producer's event under the same id is not this act."""
    named = (sighting.data.get("agent_id") for sighting in act.sightings)
    return list(dict.fromkeys([MARCUS, *(name for name in named if isinstance(name, str))]))


def span(acts: list[MarcusAct]) -> TimeRange:
    times = [sighting.at for act in acts for sighting in act.sightings]
    return min(times) - CLOSE, max(times) + CLOSE


def recognise(acts: list[MarcusAct], events: Iterable[Event], board_of: BoardOf) -> None:
    by_mark: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        by_mark[(event.metadata or {}).get("act")].append(event)
    for act in acts:
        same = [
            event for event in by_mark[act.mark] if is_close(act, event) and may_share(board_of(act), board_in(event))
        ]
        if nearest := min(same, key=lambda event: abs(event.timestamp - act.at), default=None):
            act.event_id = nearest.event_id
            by_mark[act.mark].remove(nearest)


def is_close(act: MarcusAct, event: Event) -> bool:
    return any(abs(sighting.at - event.timestamp) <= CLOSE for sighting in act.sightings)


def may_share(one: str | None, other: str | None) -> bool:
    """Agents of two installations may have the same ids, boards have not; where no board was known it may be any."""
    return one is None or other is None or one == other


def board_in(event: Event) -> str | None:
    board_id = (event.metadata or {}).get("board_id")
    return board_id if isinstance(board_id, str) else None
