"""Joins the sightings of each act, in whatever order they arrive.

1. A sighting whose record was seen before changes nothing.
2. A sighting joins the nearest act in time of its type and key, within reach, that has no record in its channel yet.
3. Without such an act it starts a new one.
4. Published acts older than `RETENTION` are forgotten; `horizon` is the oldest time still remembered.

An act's `candidate_ids` are the ids of all its records. The log knows the act by any of them, so neither reading order
nor a restart publishes it twice, and no state outside the log is needed.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.records import RecordKind
from marcus_events.sources.marcus.sightings import WINDOW, Sighting

RETENTION = 3 * WINDOW  # how late a record may arrive and still find its act
NEIGHBOURS = 64  # acts of one key compared on either side in time
SAME_MOMENT_S = 0.25  # within it the older act comes first: files agree on the order of such acts
MIN_CAPACITY = 1_000  # acts remembered before the oldest are forgotten
DISTANT_PAST = datetime.min.replace(tzinfo=UTC)
REFUSED = "_refused"  # suffix of the event id of a refused request
RANK = attrgetter("kind", "at", "record_id")  # of a sighting within its act; the lowest is preferred
AT = attrgetter("at")


@dataclass(frozen=True)
class MarcusRefusal:
    """The event type and the reason for a request that Marcus did not accept."""

    event_type: str
    reason: str


@dataclass(eq=False, slots=True)
class MarcusAct:
    """`cause` is the act that this one answers or corrects; `event_id` is set once the log holds the act.

    A request is not published while it `awaits_answer`, at most until `answer_by`; an act that `is_held` waits for a
    request to join it. A `refusal` replaces the event type. An act with a `report` is published with it, and dropped if
    the report was refused.

    `at` is the time of the first sighting, which never changes; `preferred` is the sighting of the lowest rank;
    `channels` are those that have a record of the act, and `reach` is the shortest reach of its sightings.
    """

    sightings: list[Sighting]
    cause: MarcusAct | None = None
    event_id: str | None = None
    is_settled: bool = False
    awaits_answer: bool = False
    is_held: bool = False
    answer_by: datetime = DISTANT_PAST
    refusal: MarcusRefusal | None = None
    report: MarcusAct | None = None
    first: Sighting = field(init=False)
    at: datetime = field(init=False)
    preferred: Sighting = field(init=False)
    channels: set[str] = field(init=False)
    reach: timedelta = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.sightings[0]
        self.at = self.first.at
        self.preferred = min(self.sightings, key=RANK)
        self.channels = {sighting.channel for sighting in self.sightings}
        self.reach = min(sighting.reach for sighting in self.sightings)

    def join(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        self.preferred = min(self.preferred, sighting, key=RANK)
        self.channels.add(sighting.channel)
        self.reach = min(self.reach, sighting.reach)

    @property
    def publish_at(self) -> datetime:
        """The earliest time for publishing: never before the cause."""
        return max(self.at, self.cause.at) if self.cause else self.at

    @property
    def candidate_ids(self) -> list[str]:
        suffix = REFUSED if self.refusal else ""
        return [sighting.record_id + suffix for sighting in sorted(self.sightings, key=RANK)]

    @property
    def is_waiting(self) -> bool:
        return self.awaits_answer or self.is_held or (self.report is not None and self.report.awaits_answer)

    @property
    def is_void(self) -> bool:
        return self.report is not None and self.report.refusal is not None

    def accepts(self, sighting: Sighting) -> bool:
        if self.refusal and sighting.kind is RecordKind.BOARD:  # the board has only accepted requests
            return False
        if sighting.unique and all(other.unique for other in self.sightings):
            return True
        if sighting.channel in self.channels:
            return False
        return abs(self.at - sighting.at) <= min(sighting.reach, self.reach)

    @property
    def mark(self) -> str:
        """A hash that identifies the act whichever records were read; stored with the event."""
        return mark_of(self.first.act, self.first.key, self.refusal.event_type if self.refusal else "")

    @property
    def is_board_only(self) -> bool:
        """Whether this is a blocker whose report, with agent and severity, has not been read from the conversations
        yet.
        """
        return self.first.act == T.TASK_BLOCKED and all(other.kind is RecordKind.BOARD for other in self.sightings)


def mark_of(act: str, key: Iterable[str], refused_as: str = "") -> str:
    """Return the mark of the acts with this type and key, `refused_as` the type of their refusal if they were."""
    identity = [refused_as, act, *key] if refused_as else [act, *key]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


@dataclass
class RecentActs:
    """The acts of the recent past and those not yet published."""

    horizon: datetime = DISTANT_PAST
    _acts: list[MarcusAct] = field(default_factory=list)
    _unpublished: list[MarcusAct] = field(default_factory=list)
    _by_record: dict[str, MarcusAct] = field(default_factory=dict)
    _by_key: dict[tuple[str, tuple[str, ...]], list[MarcusAct]] = field(default_factory=dict)
    _capacity: int = MIN_CAPACITY

    def has_record(self, record_id: str) -> bool:
        return record_id.removesuffix(REFUSED) in self._by_record

    def add(self, sighting: Sighting) -> MarcusAct | None:
        """Return the act that the sighting joins or starts; None if its record was seen before."""
        if self.has_record(sighting.record_id):
            return None
        act = self._match(sighting)
        if act is None:
            return self.open(MarcusAct([sighting]))
        act.join(sighting)
        self._by_record[sighting.record_id] = act
        return act

    def open(self, act: MarcusAct) -> MarcusAct:
        self._unpublished.append(act)
        self._index(act)
        return act

    def _match(self, sighting: Sighting) -> MarcusAct | None:
        if not (same := self._by_key.get((sighting.act, sighting.key))):
            return None
        middle = bisect_left(same, sighting.at, key=AT)
        near = same[max(0, middle - NEIGHBOURS) : middle + NEIGHBOURS]
        if not sighting.unique:
            near = [act for act in near if sighting.channel not in act.channels]  # most have one: saves the comparison
        accepting = [act for act in near if act.accepts(sighting)]
        return min(accepting, key=distance_to(sighting)) if accepting else None

    def _index(self, act: MarcusAct) -> None:
        self._acts.append(act)
        for sighting in act.sightings:
            self._by_record[sighting.record_id] = act
        insort(self._by_key.setdefault((act.first.act, act.first.key), []), act, key=AT)

    def pop_settled(
        self, until: datetime | None = None, *, board_only_until: datetime | None = None
    ) -> list[MarcusAct]:
        """Return the unpublished acts up to `until` (None: all), oldest first, and mark them as settled.

        Board-only blockers wait until `board_only_until`; requests wait for Marcus's reply.
        """
        for act in self._unpublished:
            if not act.is_waiting:
                limit = board_only_until if act.is_board_only else until
                act.is_settled = limit is None or act.publish_at <= limit
        settled = [act for act in self._unpublished if act.is_settled and not act.is_void]
        self._unpublished = [act for act in self._unpublished if not act.is_settled]
        return sorted(settled, key=lambda act: act.publish_at)

    def forget(self, newest: datetime) -> None:
        """Drop acts that no record can join any more, once there are many."""
        if len(self._acts) < self._capacity or newest - RETENTION <= self.horizon:
            return
        self.horizon = newest - RETENTION
        kept = [act for act in self._acts if self._is_needed(act)]
        self._acts, self._by_record, self._by_key = [], {}, {}
        for act in kept:
            self._index(act)
        self._capacity = 2 * len(kept) + MIN_CAPACITY

    def _is_needed(self, act: MarcusAct) -> bool:
        return not act.is_settled or act.at >= self.horizon or act.first.act == T.PROJECT_CREATED


def distance_to(sighting: Sighting) -> Callable[[MarcusAct], tuple[int, datetime]]:
    def distance(act: MarcusAct) -> tuple[int, datetime]:
        return round(abs(act.at - sighting.at) / timedelta(seconds=SAME_MOMENT_S)), act.at

    return distance
