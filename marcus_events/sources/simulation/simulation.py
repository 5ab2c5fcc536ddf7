"""Generates events of simulated projects, one project after another.

With the same seed, clock and answers from people, the events are the same.
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

AGENTS_PER_ASKING = 3  # one in this many agents may wait for a person, and at least one


class Simulation:
    """`run` prefixes the ids of all events and boards. `board` names the boards; without it their names are drawn."""

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
        self._rng = random.Random(seed)  # noqa: S311 - the same events every time is the point
        self._agents, self._tasks, self._clock = agents, tasks, clock
        self._event_numbers, self._board_numbers = count(1), count(1)
        self._names = board_names(self._rng, board)
        self._scene = self._new_scene(clock())
        self._turns = self._all_turns()

    @property
    def board_name(self) -> str:
        return self._scene.project.name

    def next(self) -> Event:
        self._scene.now = self._clock()
        actor, act = next(self._turns)
        actor.send_event(event := self._event(act))
        self._scene.acts += 1
        return event

    def next_batch(self, number: int) -> list[Event]:
        return [self.next() for _ in range(number)]

    def receive(self, event: Event) -> None:
        """Process an event from the log: an answer to a blocker lets its agent continue."""
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
        tasks = deque(plan(self._rng, board_id, self._tasks))
        return Scene(
            self._rng,
            SimulatedProject(board_id, next(self._names), tasks),
            max(self._agents // AGENTS_PER_ASKING, 1),
            now,
        )

    def _event(self, act: SimulatedAct) -> Event:
        project = self._scene.project
        metadata = {"board_id": project.board_id, "board_name": project.name} | causation_of(act.cause)
        event_id = f"{self._run}-{next(self._event_numbers)}"
        return Event(event_id, self._scene.now, act.event_type, act.source, act.data, metadata)


def causation_of(cause: Event | None) -> dict[str, str]:
    if cause is None:
        return {}
    correlation_id = (cause.metadata or {}).get(CORRELATION, cause.event_id)
    return {CAUSATION: cause.event_id, CORRELATION: correlation_id}


def board_names(rng: random.Random, name: str) -> Iterator[str]:
    """Yield names without repetition: they are numbered after the first round."""
    names = [name] if name else rng.sample(PROJECTS, len(PROJECTS))
    for number in count(1):
        yield from (names if number == 1 else [f"{one} {number}" for one in names])
