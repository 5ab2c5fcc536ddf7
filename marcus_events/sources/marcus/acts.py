"""The sightings of one act, joined, whatever the order in which they arrive.

1. A sighting whose record was seen already changes nothing.
2. It joins the act of its kind and key that has no record in its channel yet and lies nearest in time, within
   reach.
3. Where there is none it opens an act of its own.
4. Acts older than `REMEMBER` behind the newest are forgotten once they are told; `horizon` says how far back
   memory goes.

An act's `candidates` are the ids of all its records. Whichever of them the log holds, the act is known there:
so neither the order of reading nor a restart tells it twice, and nothing has to be remembered outside of the
log.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.records import RecordKind
from marcus_events.sources.marcus.sightings import WINDOW, Sighting

REMEMBER = 3 * WINDOW  # a record may come this late and still find its act
NEIGHBOURS = 64  # acts of one key looked at on either side in time
SAME_MOMENT_S = 0.25  # within it the older act comes first: records of two such acts are in the same order everywhere
ROOM = 1_000  # acts kept before the oldest are forgotten
NEVER = datetime.min.replace(tzinfo=UTC)
REFUSED = "_refused"  # ends the id of an event that says that Marcus did not accept what its record tells of


@dataclass(frozen=True)
class MarcusRefusal:
    """Marcus did not accept a request: what the event says then, and why."""

    event_type: str
    reason: str


@dataclass(eq=False, slots=True)
class MarcusAct:
    """`cause` is the act that this one answers or corrects; `event_id` is set when the log holds the act.

    A request is not told while it `awaits_answer`, until `answer_by`; what is held waits for a request to join it. With
    a `refusal` it is told as that. What follows from a `report` is told with it, and not at all where it was refused.
    """

    sightings: list[Sighting]
    cause: MarcusAct | None = None
    event_id: str | None = None
    is_settled: bool = False
    awaits_answer: bool = False
    is_held: bool = False
    answer_by: datetime = NEVER
    refusal: MarcusRefusal | None = None
    report: MarcusAct | None = None

    @property
    def first(self) -> Sighting:
        return self.sightings[0]

    @property
    def at(self) -> datetime:
        return self.first.at

    @property
    def tell_at(self) -> datetime:
        """When it may be told: not before what caused it."""
        return max(self.at, self.cause.at) if self.cause else self.at

    @property
    def preferred(self) -> Sighting:
        return min(self.sightings, key=lambda sighting: (sighting.kind, sighting.at, sighting.record_id))

    @property
    def candidates(self) -> list[str]:
        ordered = sorted(self.sightings, key=lambda sighting: (sighting.kind, sighting.at, sighting.record_id))
        return [f"{sighting.record_id}{REFUSED if self.refusal else ''}" for sighting in ordered]

    @property
    def is_waiting(self) -> bool:
        return self.awaits_answer or self.is_held or (self.report is not None and self.report.awaits_answer)

    @property
    def is_void(self) -> bool:
        return self.report is not None and self.report.refusal is not None

    def takes(self, sighting: Sighting) -> bool:
        if self.refusal and sighting.kind is RecordKind.BOARD:  # the board holds only what was accepted
            return False
        if sighting.unique and all(other.unique for other in self.sightings):
            return True
        if any(other.channel == sighting.channel for other in self.sightings):
            return False
        return abs(self.at - sighting.at) <= min(sighting.reach, *(other.reach for other in self.sightings))

    @property
    def mark(self) -> str:
        """What the act is, the same from whichever of its records; kept with the event."""
        refusal = [self.refusal.event_type] if self.refusal else []
        return hashlib.sha256(json.dumps([*refusal, self.first.act, *self.first.key]).encode()).hexdigest()[:16]

    @property
    def is_on_the_board_only(self) -> bool:
        """A blocker that the conversations have not told of yet, with who reported it and how severe it is."""
        return self.first.act == T.TASK_BLOCKED and all(other.kind is RecordKind.BOARD for other in self.sightings)


@dataclass
class RecentActs:
    """The acts of the recent past, and those not yet told."""

    horizon: datetime = NEVER
    _acts: list[MarcusAct] = field(default_factory=list)
    _untold: list[MarcusAct] = field(default_factory=list)
    _by_record: dict[str, MarcusAct] = field(default_factory=dict)
    _by_key: dict[tuple[str, tuple[str, ...]], list[MarcusAct]] = field(default_factory=dict)
    _room: int = ROOM

    def holds(self, record_id: str) -> bool:
        return record_id.removesuffix(REFUSED) in self._by_record

    def add(self, sighting: Sighting) -> MarcusAct | None:
        """The act that the sighting tells of; None when its record was seen before."""
        if self.holds(sighting.record_id):
            return None
        act = self._match(sighting)
        if act is None:
            return self.open(MarcusAct([sighting]))
        act.sightings.append(sighting)
        self._by_record[sighting.record_id] = act
        return act

    def open(self, act: MarcusAct) -> MarcusAct:
        self._untold.append(act)
        self._keep(act)
        return act

    def _match(self, sighting: Sighting) -> MarcusAct | None:
        same = self._by_key.get((sighting.act, sighting.key), [])
        middle = bisect_left(same, sighting.at, key=lambda act: act.at)
        near = same[max(0, middle - NEIGHBOURS) : middle + NEIGHBOURS]
        return min((act for act in near if act.takes(sighting)), key=distance_from(sighting), default=None)

    def _keep(self, act: MarcusAct) -> None:
        self._acts.append(act)
        self._by_record |= {sighting.record_id: act for sighting in act.sightings}
        insort(self._by_key.setdefault((act.first.act, act.first.key), []), act, key=lambda other: other.at)

    def settled(self, until: datetime | None = None, *, board_only_until: datetime | None = None) -> list[MarcusAct]:
        """The untold acts up to a time (None: all), oldest first. They count as told from now on.

        A blocker that only the board tells of waits until its own time has come, a request for Marcus's answer.
        """
        for act in self._untold:
            limit = board_only_until if act.is_on_the_board_only else until
            act.is_settled = not act.is_waiting and (limit is None or act.tell_at <= limit)
        settled = [act for act in self._untold if act.is_settled and not act.is_void]
        self._untold = [act for act in self._untold if not act.is_settled]
        return sorted(settled, key=lambda act: act.tell_at)

    def forget(self, newest: datetime) -> None:
        """Let go of what no record can join any more, when there is much of it."""
        if len(self._acts) < self._room or newest - REMEMBER <= self.horizon:
            return
        self.horizon = newest - REMEMBER
        kept = [act for act in self._acts if self._is_needed(act)]
        self._acts, self._by_record, self._by_key = [], {}, {}
        for act in kept:
            self._keep(act)
        self._room = 2 * len(kept) + ROOM

    def _is_needed(self, act: MarcusAct) -> bool:
        return not act.is_settled or act.at >= self.horizon or act.first.act == T.PROJECT_CREATED


def distance_from(sighting: Sighting) -> Callable[[MarcusAct], tuple[int, datetime]]:
    def distance(act: MarcusAct) -> tuple[int, datetime]:
        return round(abs(act.at - sighting.at) / timedelta(seconds=SAME_MOMENT_S)), act.at

    return distance
