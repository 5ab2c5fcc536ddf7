"""One event after the other, from all that is going on in invented projects; when one is complete, the next begins.

With the same seed, the same clock and the same answers from people it is the same, event by event.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

from marcus_events.core.causation import CAUSATION, CORRELATION
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.sources.simulation.plan import plan
from marcus_events.sources.simulation.project import SimulatedProject
from marcus_events.sources.simulation.schedule import Turn, turns
from marcus_events.sources.simulation.story import Scene, SimulatedAct
from marcus_events.sources.simulation.texts import PROJECTS

MAY_ASK = 3  # one in so many agents may wait for a person, and at least one


class Simulation:
    """`run` begins the ids of all events and boards. `board` names the boards; otherwise their names are invented."""

    def __init__(
        self,
        seed: int,
        *,
        run: str = "",
        agents: int = 6,
        tasks: int = 60,
        board: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._run = run or f"sim-{seed}"
        self._chance = random.Random(seed)  # noqa: S311 - the same events every time is the point
        self._agents, self._tasks, self._clock = agents, tasks, clock
        self._event_numbers, self._board_numbers = count(1), count(1)
        self._names = board_names(self._chance, board)
        self._scene = self._new_scene(clock())
        self._turns = self._all_turns()

    @property
    def board_name(self) -> str:
        return self._scene.project.name

    def next(self) -> Event:
        self._scene.now = self._clock()
        actor, act = next(self._turns)
        actor.became(event := self._event(act))
        self._scene.acts += 1
        return event

    def take(self, number: int) -> list[Event]:
        return [self.next() for _ in range(number)]

    def hear(self, event: Event) -> None:
        """What others have published: an answer to one of its blockers lets the agent go on."""
        blocker = event.data.get("blocker_event_id")
        is_answer = event.event_type == EventTypes.BLOCKER_RESOLVED and not self._is_own(event.event_id)
        if is_answer and isinstance(blocker, str) and self._is_own(blocker):
            self._scene.project.answers[blocker] = event

    def _is_own(self, event_id: str) -> bool:
        return event_id.startswith(f"{self._run}-") and event_id.removeprefix(f"{self._run}-").isdecimal()

    def _all_turns(self) -> Iterator[Turn]:
        while True:
            yield from turns(self._scene, self._agents)
            self._scene = self._new_scene(self._scene.now)

    def _new_scene(self, now: datetime) -> Scene:
        board_id = f"{self._run}-board-{next(self._board_numbers)}"
        tasks = deque(plan(self._chance, board_id, self._tasks))
        return Scene(
            self._chance, SimulatedProject(board_id, next(self._names), tasks), max(self._agents // MAY_ASK, 1), now
        )

    def _event(self, act: SimulatedAct) -> Event:
        project = self._scene.project
        metadata = {"board_id": project.board_id, "board_name": project.name} | causes(act.because)
        event_id = f"{self._run}-{next(self._event_numbers)}"
        return Event(event_id, self._scene.now, act.event_type, act.source, act.data, metadata)


def causes(because: Event | None) -> dict[str, str]:
    if because is None:
        return {}
    begun_with = (because.metadata or {}).get(CORRELATION, because.event_id)
    return {CAUSATION: because.event_id, CORRELATION: begun_with}


def board_names(chance: random.Random, name: str) -> Iterator[str]:
    """Never the same twice: after the first round they are numbered."""
    given = [name] if name else chance.sample(PROJECTS, len(PROJECTS))
    for number in count(1):
        yield from (given if number == 1 else [f"{one} {number}" for one in given])
