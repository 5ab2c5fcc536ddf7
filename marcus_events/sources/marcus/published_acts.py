"""Recognises acts that the log already holds.

1. An act is recognised by the id of any of its records, under any source it could have had.
2. Otherwise the records it was published from may be gone, because a database was reset or old logs were deleted. Then
   an event matches if it has the act's mark, a time within `SHORT_WINDOW` and no other board. An event matches one act
   only, and none if the reader has seen its record.
3. A proxy in front of the same Marcus publishes acts under ids of its own. They are matched in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import product

from marcus_events.core.event import Event
from marcus_events.log.marcus_acts import span_of
from marcus_events.sources.marcus.act_events import MARCUS
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.sightings import SHORT_WINDOW

TimeRange = tuple[datetime, datetime]
BoardOf = Callable[[MarcusAct], str | None]


def recognise_published(
    acts: list[MarcusAct],
    known: set[tuple[str, str]],
    events_within: Callable[[list[MarcusAct], datetime, datetime], Iterable[Event]],
    board_of: BoardOf,
    is_seen: Callable[[str], bool],
) -> None:
    """Set `event_id` on every act that the log holds.

    `known` are the (source, event_id) pairs of the log that match a candidate id. `is_seen` says whether the reader has
    recently seen a record id, in these acts or others.
    """
    for act in acts:
        act.event_id = known_id_of(act, known) if known else None
    if strangers := [act for act in acts if act.event_id is None]:
        found = events_within(strangers, *time_range(strangers))
        match_events(strangers, [event for event in found if not is_seen(event.event_id)], board_of)


def known_id_of(act: MarcusAct, known: set[tuple[str, str]]) -> str | None:
    own = product(act.candidate_ids, sources_of(act))
    return next((event_id for event_id, source in own if (source, event_id) in known), None)


def sources_of(act: MarcusAct) -> list[str]:
    """Return Marcus and each agent that a record names. An event of any other source is another act, even under the
    same id.
    """
    return list(dict.fromkeys([MARCUS, *agents_of(act)]))


def agents_of(act: MarcusAct) -> list[str]:
    """Return the agents that the act's records name."""
    named = (sighting.data.get("agent_id") for sighting in act.sightings)
    return list(dict.fromkeys(name for name in named if isinstance(name, str)))


def time_range(acts: list[MarcusAct]) -> TimeRange:
    times = [sighting.at for act in acts for sighting in act.sightings]
    return min(times) - SHORT_WINDOW, max(times) + SHORT_WINDOW


def match_events(acts: list[MarcusAct], events: Iterable[Event], board_of: BoardOf) -> None:
    by_mark: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        by_mark[(event.metadata or {}).get("act")].append(event)
    for act in acts if by_mark else ():
        same = [
            event
            for event in by_mark[act.mark]
            if is_close(act, event) and may_share_board(board_of(act), board_id_in(event))
        ]
        if nearest := min(same, key=lambda event: abs(event.timestamp - act.at), default=None):
            act.event_id = nearest.event_id
            by_mark[act.mark].remove(nearest)


def is_close(act: MarcusAct, event: Event) -> bool:
    earliest, latest = span_of(event)
    return any(earliest <= sighting.at <= latest for sighting in act.sightings)


def may_share_board(one: str | None, other: str | None) -> bool:
    """Return whether two boards may be the same; None is unknown. Agent ids repeat across installations, board ids
    do not.
    """
    return one is None or other is None or one == other


def board_id_in(event: Event) -> str | None:
    board_id = (event.metadata or {}).get("board_id")
    return board_id if isinstance(board_id, str) else None
