"""Store boards, tasks, blockers, agents and dependencies as rows that are valid for an interval of the log.

The reducers in `marcus_events.core.reducers` define what an event changes. A batch loads the rows it may concern and
folds its events; each change ends one interval and begins the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models

from marcus_events import models as tables
from marcus_events.core import state as core
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reducers import fold
from marcus_events.models import ProjectionName
from marcus_events.projections.interval_rows import (
    TABLE_OF,
    NewInterval,
    close_intervals,
    read_intervals,
    write_intervals,
)
from marcus_events.projections.projection import Projection

ItemIdentity = tuple[type[core.StateItem], core.StateKey]
# Which blockers of these tasks an event can concern, not all that a task has ever had: those that are open, those whose
# answer the task has not moved on with, those that an event names, and the newest one of each task, which is meant
# where none is named.
OF_TASKS = "board_id = ANY(%(boards)s) AND task_id = ANY(%(tasks)s)"
CONCERNED_BLOCKERS = f"""{OF_TASKS} AND (
    resolved_at IS NULL OR (answer_id > '' AND resumed_at IS NULL) OR event_id = ANY(%(named)s) OR blocker_id IN (
        SELECT DISTINCT ON (board_id, task_id) blocker_id FROM blocker WHERE {{valid}} AND {OF_TASKS}
        ORDER BY board_id, task_id, blocker_id DESC
    )
)"""


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
        tasks = {event.task_id for event in events if event.task_id}
        agents = {event.agent_id for event in events if event.agent_id}
        boards = {event.board_id or "" for event in events}
        removed = {event.board_id for event in events if event.event_type == EventTypes.BOARD_REMOVED}
        or_removed = "OR board_id = ANY(%(removed)s)" if removed else ""
        values: dict[str, Any] = {"tasks": list(tasks), "removed": list(removed)}
        if tasks or removed:
            self.take(core.TaskState, f"task_id = ANY(%(tasks)s) {or_removed}", values)
            self.take(core.DependencyState, f"task_id = ANY(%(tasks)s) {or_removed}", values)
        boards |= {item.board_id for item in self.state.items[core.TaskState].values()}
        values |= {"boards": list(boards), "agents": list(agents | self.agents_at_work())}
        if tasks or removed:
            values["named"] = [name for event in events if (name := read_data(event.data, "blocker_event_id"))]
            self.take(core.BlockerState, f"{CONCERNED_BLOCKERS} {or_removed}", values)
        self.take(core.BoardState, "board_id = ANY(%(boards)s)", values)
        if values["agents"] or removed:
            self.take(core.AgentState, f"agent_id = ANY(%(agents)s) {or_removed}", values)

    def agents_at_work(self) -> set[str]:
        return {task.agent_id for task in self.state.items[core.TaskState].values() if isinstance(task, core.TaskState)}

    def take(self, kind: type[core.StateItem], condition: str, values: dict[str, Any]) -> None:
        for row in read_intervals(kind, condition, values, self.as_of):
            self.state.load(row.item)
            self.open[kind, row.item.key] = row

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
        if self.removed:
            tables.BoardRemoval.objects.bulk_create(self.removed)


STATE = StateProjection()
