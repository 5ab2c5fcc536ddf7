"""Store boards, tasks, blockers, agents and dependencies as rows that are valid for an interval of the log.

The reducers in `marcus_events.core.reducers` define what an event changes. A batch loads the rows it may concern and
folds its events; each change ends one interval and begins the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import models
from psycopg.types.json import Jsonb

from marcus_events import models as tables
from marcus_events.core import state as core
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reducers import fold
from marcus_events.log.rows import execute
from marcus_events.models import ProjectionName
from marcus_events.projections.bulk_copy import copy
from marcus_events.projections.projector import Projection

TABLE_OF: dict[type[core.StateItem], type[tables.Interval]] = {
    core.BoardState: tables.Board,
    core.TaskState: tables.Task,
    core.BlockerState: tables.Blocker,
    core.AgentState: tables.Agent,
    core.DependencyState: tables.Dependency,
}
KEY_OF: dict[type[core.StateItem], tuple[str, ...]] = {
    core.BoardState: ("board_id",),
    core.TaskState: ("board_id", "task_id"),
    core.BlockerState: ("blocker_id",),
    core.AgentState: ("board_id", "agent_id"),
    core.DependencyState: ("board_id", "task_id", "depends_on_id", "depends_on_board"),
}
JSON_TYPES = (list, dict)
COLUMN_TYPES = {"blocker_id": "bigint"}  # of keys; all others are texts
COLUMNS_OF = {kind: [field.name for field in fields(kind)] for kind in TABLE_OF}
ItemIdentity = tuple[type[core.StateItem], core.StateKey]


class StateProjection(Projection):
    """The present and the past state of everything that events are about."""

    name = ProjectionName.STATE
    tables: Sequence[type[models.Model]] = (*TABLE_OF.values(), tables.BoardRemoval)

    def project(self, events: Sequence[RecordedEvent]) -> None:
        batch = Batch()
        batch.load(events)
        for recorded in events:
            batch.apply(recorded)
        batch.save()


@dataclass(slots=True)
class NewInterval:
    """A row to be written: the item's state from an event on."""

    item: core.StateItem
    from_position: int
    from_time: datetime
    to_position: int | None = None
    to_time: datetime | None = None
    is_stored: bool = False  # as one that has not ended


class Batch:
    """The intervals that a batch of events ends and begins.

    It starts from the present rows, or from the rows after the event at the position `as_of`.
    """

    def __init__(self, as_of: int | None = None) -> None:
        self.as_of = as_of
        self.state = core.State()
        self.open: dict[ItemIdentity, NewInterval] = {}
        self.begun: dict[type[core.StateItem], list[NewInterval]] = {kind: [] for kind in TABLE_OF}
        self.ended: dict[type[core.StateItem], list[NewInterval]] = {kind: [] for kind in TABLE_OF}
        self.removed: list[tables.BoardRemoval] = []

    def load(self, events: Sequence[RecordedEvent]) -> None:
        """Load the rows that these events may concern."""
        task_ids = {event.task_id for event in events if event.task_id}
        agent_ids = {event.agent_id for event in events if event.agent_id}
        board_ids = {event.board_id or "" for event in events}
        removed = {
            event.board_id for event in events if event.event_type == EventTypes.BOARD_REMOVED and event.board_id
        }
        on_removed = models.Q(board_id__in=removed)
        of_tasks = on_removed | models.Q(task_id__in=task_ids)
        self.take(core.TaskState, of_tasks)
        board_ids |= {item.board_id for item in self.state.items[core.TaskState].values()}
        self.take(core.BoardState, models.Q(board_id__in=board_ids))
        self.take(core.BlockerState, on_removed | (models.Q(task_id__in=task_ids) & self.concerned(events, task_ids)))
        self.take(core.AgentState, on_removed | models.Q(agent_id__in=agent_ids | self.agents_at_work()))
        self.take(core.DependencyState, of_tasks)

    def concerned(self, events: Sequence[RecordedEvent], task_ids: Collection[str]) -> models.Q:
        """Which blockers of these tasks an event can concern: not all that a task has ever had.

        Those that are open, those whose answer the task has not moved on with, those that an event names, and the
        newest one of each task, which is meant where none is named.
        """
        named = {name for event in events if (name := read_data(event.data, "blocker_event_id"))}
        of_tasks = tables.Blocker.objects.as_of(self.as_of).filter(task_id__in=task_ids)
        newest = of_tasks.order_by("board_id", "task_id", "-blocker_id").distinct("board_id", "task_id")
        return (
            models.Q(resolved_at=None)
            | models.Q(answer_id__gt="", resumed_at=None)
            | models.Q(event_id__in=named)
            | models.Q(blocker_id__in=newest.values("blocker_id"))
        )

    def agents_at_work(self) -> set[str]:
        return {task.agent_id for task in self.state.items[core.TaskState].values() if isinstance(task, core.TaskState)}

    def take(self, kind: type[core.StateItem], condition: models.Q) -> None:
        rows = TABLE_OF[kind].objects.as_of(self.as_of).filter(condition)
        for from_position, from_time, *values in rows.values_list("from_position", "from_time", *COLUMNS_OF[kind]):
            item = kind(*values)
            self.state.load(item)
            self.open[kind, item.key] = NewInterval(item, from_position, from_time, is_stored=True)

    def apply(self, recorded: RecordedEvent) -> None:
        for identity, item in fold(self.state, recorded).items():
            moment = self.end(identity, recorded)
            if item is not None:
                self.open[identity] = begun = NewInterval(item, recorded.position, moment)
                self.begun[identity[0]].append(begun)
            elif identity[0] is core.BoardState:
                self.removed.append(
                    tables.BoardRemoval(board_id=identity[1][0], position=recorded.position, time=moment)
                )

    def end(self, identity: ItemIdentity, recorded: RecordedEvent) -> datetime:
        """End the open interval, if there is one, and return its end. The times of one item never decrease."""
        interval = self.open.pop(identity, None)
        if interval is None:
            return recorded.happened_at
        interval.to_position, interval.to_time = recorded.position, max(recorded.happened_at, interval.from_time)
        if interval.is_stored:
            self.ended[identity[0]].append(interval)
        return interval.to_time

    def save(self) -> None:
        for kind in TABLE_OF:
            close_intervals(kind, self.ended[kind])
            write_intervals(kind, self.begun[kind])
        tables.BoardRemoval.objects.bulk_create(self.removed)


def close_intervals(kind: type[core.StateItem], intervals: Sequence[NewInterval]) -> None:
    """End stored intervals."""
    if not intervals:
        return
    names, keys = KEY_OF[kind], zip(*(row.item.key for row in intervals), strict=True)
    arrays = ", ".join(f"%s::{COLUMN_TYPES.get(name, 'text')}[]" for name in names)
    same = " AND ".join(f"stored.{name} = ended.{name}" for name in names)
    update = f"""UPDATE {TABLE_OF[kind]._meta.db_table} AS stored SET to_position = ended.position, to_time = ended.time
        FROM unnest(%s::bigint[], %s::timestamptz[], {arrays}) AS ended (position, time, {", ".join(names)})
        WHERE {same} AND stored.to_position IS NULL"""
    ends = [row.to_position for row in intervals], [row.to_time for row in intervals]
    execute(update, [*ends, *map(list, keys)])


def write_intervals(kind: type[core.StateItem], intervals: Sequence[NewInterval]) -> None:
    columns = ", ".join(("from_position", "from_time", "to_position", "to_time", *COLUMNS_OF[kind]))
    query = f"COPY {TABLE_OF[kind]._meta.db_table} ({columns}) FROM STDIN"
    if intervals:
        copy(query, ((i.from_position, i.from_time, i.to_position, i.to_time, *values_of(i.item)) for i in intervals))


def values_of(item: core.StateItem) -> Iterable[Any]:
    return [Jsonb(value) if isinstance(value, JSON_TYPES) else value for value in vars(item).values()]


STATE = StateProjection()
