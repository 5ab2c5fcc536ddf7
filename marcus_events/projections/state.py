"""Boards, tasks, blockers, agents and dependencies, each row an interval of the log.

The fold in `marcus_events.core.fold` says what an event changes. Here the rows that a batch concerns are loaded, the
batch is folded, and each change ends one interval and begins the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db import connection, models

from marcus_events import models as tables
from marcus_events.core import state as core
from marcus_events.core.event import Recorded
from marcus_events.core.fold import fold
from marcus_events.core.vocabulary import EventTypes
from marcus_events.projections.projector import Projection

TABLE_OF: dict[type[core.Item], type[tables.Interval]] = {
    core.Board: tables.Board,
    core.Task: tables.Task,
    core.Blocker: tables.Blocker,
    core.Agent: tables.Agent,
    core.Dependency: tables.Dependency,
}
KEY_OF: dict[type[core.Item], tuple[str, ...]] = {
    core.Board: ("board_id",),
    core.Task: ("board_id", "task_id"),
    core.Blocker: ("blocker_id",),
    core.Agent: ("board_id", "agent_id"),
    core.Dependency: ("board_id", "task_id", "depends_on_id"),
}
Identity = tuple[type[core.Item], core.Key]


class StateProjection(Projection):
    """The present and every past moment of what events are about."""

    name = "state"
    tables: Sequence[type[models.Model]] = tuple(TABLE_OF.values())

    def project(self, events: Sequence[Recorded]) -> None:
        batch = Batch()
        batch.load(events)
        for recorded in events:
            batch.apply(recorded)
        batch.save()


class Batch:
    """The intervals that a batch of events ends and begins."""

    def __init__(self) -> None:
        self.state = core.State()
        self.open: dict[Identity, tables.Interval] = {}
        self.begun: list[tables.Interval] = []
        self.ended: list[tables.Interval] = []

    def load(self, events: Sequence[Recorded]) -> None:
        """The rows, as they are now, that these events may concern."""
        task_ids = {event.task_id for event in events if event.task_id}
        agent_ids = {event.agent_id for event in events if event.agent_id}
        board_ids = {event.board_id or "" for event in events}
        removed = {
            event.board_id for event in events if event.event_type == EventTypes.BOARD_REMOVED and event.board_id
        }
        on_removed = models.Q(board_id__in=removed)
        of_tasks = on_removed | models.Q(task_id__in=task_ids)
        self.take(core.Task, of_tasks)
        board_ids |= {item.board_id for item in self.state.items[core.Task].values()}
        self.take(core.Board, models.Q(board_id__in=board_ids))
        self.take(core.Blocker, of_tasks)
        self.take(core.Agent, on_removed | models.Q(agent_id__in=agent_ids | self.agents_at_work()))
        self.take(core.Dependency, of_tasks)

    def agents_at_work(self) -> set[str]:
        return {task.agent_id for task in self.state.items[core.Task].values() if isinstance(task, core.Task)}

    def take(self, kind: type[core.Item], condition: models.Q) -> None:
        for row in TABLE_OF[kind].objects.now().filter(condition):
            item = kind(**{field.name: getattr(row, field.name) for field in fields(kind)})
            self.state.load(item)
            self.open[kind, item.key] = row

    def apply(self, recorded: Recorded) -> None:
        for identity, item in fold(self.state, recorded).items():
            moment = self.end(identity, recorded)
            if item is not None:
                self.begin(identity, item, recorded, moment)

    def end(self, identity: Identity, recorded: Recorded) -> datetime:
        """End the open interval, if there is one. Time never runs backwards along the intervals of one item."""
        row = self.open.pop(identity, None)
        if row is None:
            return recorded.timestamp
        row.to_position, row.to_time = recorded.position, max(recorded.timestamp, row.from_time)
        if row._state.adding is False:
            self.ended.append(row)
        return row.to_time

    def begin(self, identity: Identity, item: core.Item, recorded: Recorded, moment: datetime) -> None:
        values: dict[str, Any] = {field.name: getattr(item, field.name) for field in fields(item)}
        row = TABLE_OF[type(item)](from_position=recorded.position, from_time=moment, **values)
        self.open[identity] = row
        self.begun.append(row)

    def save(self) -> None:
        for kind, table in TABLE_OF.items():
            close(table, KEY_OF[kind], (row for row in self.ended if type(row) is table))
            table.objects.bulk_create([row for row in self.begun if type(row) is table], batch_size=500)


def close(table: type[tables.Interval], key: Sequence[str], rows: Iterable[tables.Interval]) -> None:
    """End the intervals in the table that were open when the batch was loaded."""
    same = " AND ".join(f"{name} = %s" for name in key)
    update = f"UPDATE {table._meta.db_table} SET to_position = %s, to_time = %s WHERE {same} AND to_position IS NULL"
    values = [(row.to_position, row.to_time, *(getattr(row, name) for name in key)) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(update, values)


STATE = StateProjection()
