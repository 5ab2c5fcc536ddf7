"""Where an invented project stands: what can be taken, what is done, and which answers have come."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field

from marcus_events.core.event import Event
from marcus_events.sources.simulation.plan import PlannedTask

AT_HAND = 4  # tasks that an agent chooses among: roughly the oldest first


@dataclass
class SimulatedProject:
    board_id: str
    name: str
    planned: deque[PlannedTask]  # still to be put on the board: only then can they be taken
    ready: list[PlannedTask] = field(default_factory=list)
    answers: dict[str, Event] = field(default_factory=dict)  # by the id of the blocker's event
    asking: int = 0  # how many agents wait for a person
    _done: set[str] = field(default_factory=set)
    _missing: dict[str, int] = field(default_factory=dict)  # by task: how many it still waits for
    _behind: dict[str, list[PlannedTask]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.size = len(self.planned)

    @property
    def done(self) -> int:
        return len(self._done)

    @property
    def is_done(self) -> bool:
        return self.done == self.size

    def put_on_board(self) -> PlannedTask:
        """The next of those that are planned."""
        task = self.planned.popleft()
        missing = [other for other in task.depends_on if other not in self._done]
        for other in missing:
            self._behind[other].append(task)
        self._missing[task.task_id] = len(missing)
        if not missing:
            self.ready.append(task)
        return task

    def take(self, chance: random.Random) -> PlannedTask | None:
        """One that nothing holds up; nobody else gets it."""
        at_hand = min(len(self.ready), AT_HAND)
        return self.ready.pop(chance.randrange(at_hand)) if at_hand else None

    def finish(self, task: PlannedTask) -> None:
        self._done.add(task.task_id)
        for other in self._behind.pop(task.task_id, ()):
            self._missing[other.task_id] -= 1
            if self._missing[other.task_id] == 0:
                self.ready.append(other)
