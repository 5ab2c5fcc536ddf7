"""The state of a simulated project: available and finished tasks, and answers to blockers."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field

from marcus_events.core.event import Event
from marcus_events.sources.simulation.plan import PlannedTask

MAX_CHOICES = 4  # oldest available tasks that an agent chooses from


@dataclass
class SimulatedProject:
    board_id: str
    name: str
    planned: deque[PlannedTask]  # not on the board yet
    ready: list[PlannedTask] = field(default_factory=list)
    answers: dict[str, Event] = field(default_factory=dict)  # by event id of the blocker
    asking: int = 0  # agents waiting for a person
    _done: set[str] = field(default_factory=set)
    _missing: dict[str, int] = field(default_factory=dict)  # unfinished dependencies by task
    _dependents: dict[str, list[PlannedTask]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.size = len(self.planned)

    @property
    def done(self) -> int:
        return len(self._done)

    @property
    def is_done(self) -> bool:
        return self.done == self.size

    def add_to_board(self) -> PlannedTask:
        """Move the next planned task to the board."""
        task = self.planned.popleft()
        missing = [other for other in task.depends_on if other not in self._done]
        for other in missing:
            self._dependents[other].append(task)
        self._missing[task.task_id] = len(missing)
        if not missing:
            self.ready.append(task)
        return task

    def assign_task(self, rng: random.Random) -> PlannedTask | None:
        """Remove and return an available task, or None."""
        choices = min(len(self.ready), MAX_CHOICES)
        return self.ready.pop(rng.randrange(choices)) if choices else None

    def finish(self, task: PlannedTask) -> None:
        self._done.add(task.task_id)
        for other in self._dependents.pop(task.task_id, ()):
            self._missing[other.task_id] -= 1
            if self._missing[other.task_id] == 0:
                self.ready.append(other)
