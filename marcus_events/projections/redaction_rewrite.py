"""Rewrite the rows of the state tables that were derived from an event, when that event is redacted.

1. Load the state just before the event, and fold the original and the redacted version into a copy each. The items that
   differ in any field were affected by the redacted text.
2. Fold the later events about these items into both states, and write each later row of the items again from the second
   one. Once both states agree, the remaining rows are correct.
3. Retention may have removed some of these events. Their changes are taken from the rows: see `reconcile`.

The code names no field, so that it cannot miss one. The cost is one read if nothing differs, and otherwise a replay of
the events about the same task, agent or board until both states agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from operator import itemgetter

from marcus_events.core import state as core
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reducers import fold
from marcus_events.log import read
from marcus_events.projections.interval_rows import COLUMNS_OF, KEY_OF, TABLE_OF, NewInterval, write_intervals
from marcus_events.projections.state_tables import STATE, Batch, ItemIdentity

BATCH_SIZE = 1_000  # events
COLUMN_OF: dict[type[core.StateItem], str] = {
    core.BoardState: "board_id",
    core.AgentState: "agent_id",
}  # the others: "task_id"


EntityIds = tuple[str | None, str | None, str | None]


def entity_ids(event: RecordedEvent) -> EntityIds:
    return event.board_id, event.task_id, event.agent_id


class Rewriting:
    """One rewrite, in the caller's transaction, which must have locked the checkpoint of the state."""

    def __init__(self, event: RecordedEvent) -> None:
        """Fold the original event into the state before it, if it has been projected."""
        self.event = event
        self.until = read.projected(STATE.name)
        self.is_projected = event.position <= self.until
        self.said, self.says = core.State(), core.State()
        self.loaded: set[EntityIds] = set()
        self.changes: core.StateChanges = {}
        if self.is_projected:
            self.load([event])
            self.changes = fold(self.said, event)

    @property
    def is_repeat(self) -> bool:
        """Whether it is a `task_blocked` that opened no blocker."""
        is_complaint = self.event.event_type == EventTypes.TASK_BLOCKED
        return is_complaint and self.is_projected and (core.BlockerState, (self.event.position,)) not in self.changes

    def load(self, events: Sequence[RecordedEvent]) -> None:
        """Load the items that these events may concern, as they were before the first one, unless loaded already."""
        unlike = {entity_ids(event): event for event in events if entity_ids(event) not in self.loaded}
        if not unlike:
            return
        self.loaded |= unlike.keys()
        batch = Batch(events[0].position - 1)
        batch.load(list(unlike.values()))
        for kind, items in batch.state.items.items():
            for key, item in items.items():
                if key not in self.said.items[kind] and key not in self.says.items[kind]:
                    self.said.load(item)
                    self.says.load(item)

    def rewrite(self, version: RecordedEvent) -> int:
        """Rewrite the rows as if the event had always been this version; return the number of changed items."""
        if not self.is_projected:
            return 0
        changes = self.changes.keys() | fold(self.says, version).keys()
        differing = [
            one for one in changes if self.said.items[one[0]].get(one[1]) != self.says.items[one[0]].get(one[1])
        ]
        chains = [Chain(identity, self.event, self.said, self.says) for identity in differing]
        self.replay(chains)
        for chain in chains:
            chain.save()
        return len(chains)

    def replay(self, chains: Sequence[Chain]) -> None:
        """Fold later events into both states until the states agree or the events end."""
        after = self.event.position
        while (open_chains := [chain for chain in chains if not chain.is_done]) and (
            events := self.next(open_chains, after)
        ):
            self.load(events)
            for event in events:
                self.pass_over(open_chains, after, event.position - 1)
                fold(self.said, event)
                self.forget_new(fold(self.says, event))
                for chain in open_chains:
                    chain.reconcile(event.position, event.happened_at)
                after = event.position
        self.pass_over([chain for chain in chains if not chain.is_done], after, self.until)

    def forget_new(self, changes: core.StateChanges) -> None:
        """Drop items that only the redacted state has.

        A later report with the redacted text opened no blocker then, and must not open one now.
        """
        for (kind, key), item in changes.items():
            if item is not None and key not in self.said.items[kind]:
                self.says.remove(item)

    def next(self, chains: Sequence[Chain], after: int) -> list[RecordedEvent]:
        """The next events about these items."""
        things = sorted({chain.about for chain in chains if chain.about[1]})
        positions = read.positions_about(things, after, self.until, BATCH_SIZE) if things else []
        return read.page_at(positions, limit=BATCH_SIZE).events if positions else []

    def pass_over(self, chains: Sequence[Chain], after: int, until: int) -> None:
        """What the rows tell of the time between two events that are there."""
        for chain in chains:
            for position, moment in chain.between(after, until):
                chain.reconcile(position, moment)


def own_moments(moments: list[tuple[int, datetime]]) -> list[tuple[int, datetime]]:
    """Return the moments of rows. No row begins before the one before it: where two begin at once, the later one's own
    moment is that of its event, if it is there.
    """
    own = dict(moments)
    for (_, before), (position, moment) in pairwise(moments):
        if moment == before and (event := read.event(position)):
            own[position] = event.happened_at
    return list(own.items())


class Chain:
    """The rows of one item from the event on: the stored ones, and the new ones."""

    def __init__(self, identity: ItemIdentity, event: RecordedEvent, said: core.State, says: core.State) -> None:
        self.kind, self.key = identity
        self.said, self.says = said.items[self.kind], says.items[self.kind]
        self._states = said, says
        self.rows = list(self._read(event.position))
        ended = {row.to_position: row.to_time for row in self.rows if row.to_position and row.to_time}
        self.moments = own_moments(sorted((ended | {row.from_position: row.from_time for row in self.rows}).items()))
        self.current = -1  # the row that held at the position that was met last
        self.made: list[NewInterval] = []
        self.is_done = False
        self._begin(event)

    @property
    def about(self) -> tuple[str, str]:
        column = COLUMN_OF.get(self.kind, "task_id")
        item = self.said.get(self.key) or self.says.get(self.key) or self.rows[0].item
        return column, getattr(item, column)

    def _read(self, position: int) -> Iterator[NewInterval]:
        """Read the row just before the position, if there is one, and all later rows."""
        names = ("from_position", "from_time", "to_position", "to_time", *COLUMNS_OF[self.kind])
        same = dict(zip(KEY_OF[self.kind], self.key, strict=True))
        found = TABLE_OF[self.kind].objects.filter(**same).exclude(to_position__lt=position).order_by("from_position")
        for from_position, from_time, to_position, to_time, *values in found.values_list(*names).iterator():
            yield NewInterval(self.kind(*values), from_position, from_time, to_position, to_time)

    def _begin(self, event: RecordedEvent) -> None:
        """Make the row that the event itself began. Fields that it left unchanged keep their stored value."""
        before = None
        if self.rows and self.rows[0].from_position < event.position:
            first = self.rows[0]
            before, self.current = first.item, 0
            self.made.append(replace(first, to_position=None, to_time=None))
        if (stands := self.standing(event.position)) and (says := self.says.get(self.key)):
            untouched = {
                name: value for name, value in vars(stands).items() if before and getattr(before, name) == value
            }
            self._put(0, stands)
            self._put(1, replace(says, **untouched))
        self.record(event.position, event.happened_at)

    def standing(self, position: int) -> core.StateItem | None:
        """What the rows say of the moment after a position; called with growing ones."""
        while self.current + 1 < len(self.rows) and self.rows[self.current + 1].from_position <= position:
            self.current += 1
        row = self.rows[self.current] if self.current >= 0 else None
        return row.item if row and (row.to_position is None or row.to_position > position) else None

    def between(self, after: int, until: int) -> list[tuple[int, datetime]]:
        """Return the positions after `after`, up to `until`, at which a row begins or ends."""
        first, last = (bisect_right(self.moments, position, key=itemgetter(0)) for position in (after, until))
        return self.moments[first:last]

    def reconcile(self, position: int, moment: datetime) -> None:
        """Bring both states to what the rows say of this position: a field that has changed there, and not by the fold,
        was changed by an event that is not read here. What has not changed is left to each state.
        """
        if self.is_done:
            return
        stands, said, says = self.standing(position), self.said.get(self.key), self.says.get(self.key)
        if stands is None or said is None:
            self._put(0, stands)
            self._put(1, stands)
        elif says is not None:
            changed = {name: value for name, value in vars(stands).items() if getattr(said, name) != value}
            self._put(0, stands)
            self._put(1, replace(says, **changed))
        self.record(position, moment)

    def _put(self, which: int, item: core.StateItem | None) -> None:
        state = self._states[which]
        if item is not None:
            state.load(item)
        elif known := state.items[self.kind].get(self.key):
            state.remove(known)

    def record(self, position: int, moment: datetime) -> None:
        """Begin a new row if the item has changed."""
        item, last = self.says.get(self.key), self.made[-1] if self.made else None
        is_open = last is not None and last.to_position is None
        if item != (last.item if last and is_open else None):
            if last and is_open:
                moment = max(moment, last.from_time)
                last.to_position, last.to_time = position, moment
            if item is not None:
                self.made.append(NewInterval(item, position, moment))
        if self.said.get(self.key) == item:
            self.finish(position)

    def finish(self, position: int) -> None:
        """Keep the stored rows from here on."""
        self.is_done = True
        if self.standing(position) is not None:
            row = self.rows[self.current]
            self.made[-1].to_position, self.made[-1].to_time = row.to_position, row.to_time

    def save(self) -> None:
        replaced = self.rows[: self.current + 1]
        same = dict(zip(KEY_OF[self.kind], self.key, strict=True))
        if replaced:
            span = (replaced[0].from_position, replaced[-1].from_position)
            TABLE_OF[self.kind].objects.filter(from_position__range=span, **same).delete()
        write_intervals(self.kind, self.made)
