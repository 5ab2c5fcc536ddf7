"""Decides who acts next in a simulated project.

1. Marcus sets up the project while agents already work on its first tasks.
2. A random agent that can act performs its next act.
3. Now and then Marcus observes the project; it also does so while all agents wait.
4. The project is complete when all agents have finished.
"""

from __future__ import annotations

from collections.abc import Iterator

from marcus_events.core.event import Event
from marcus_events.sources.simulation.project_manager import complete_project, observe_project, setup_project
from marcus_events.sources.simulation.story import Lifecycle, Scene, SimulatedAct
from marcus_events.sources.simulation.working_agent import agent_lifecycle

FIRST_ACTS = 2  # acts of Marcus before agents register
SETUP_SHARE = 0.5  # share of the acts during setup
OBSERVATION_SHARE = 0.03  # share of the acts


class Actor:
    """A running lifecycle."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._event: Event | None = None
        self.is_over = False

    def next_act(self) -> SimulatedAct | None:
        """Return the next act; None while it waits and at its end."""
        event, self._event = self._event, None
        try:
            return self._lifecycle.send(event) if event else next(self._lifecycle)
        except StopIteration:
            self.is_over = True
            return None

    def send_event(self, event: Event) -> None:
        """Pass on the event made of the last act."""
        self._event = event


Turn = tuple[Actor, SimulatedAct]


def turns(scene: Scene, agents: int) -> Iterator[Turn]:
    """Yield all turns from the start of a project to its end."""
    marcus, observer = Actor(setup_project(scene)), Actor(observe_project(scene))
    actors = [Actor(agent_lifecycle(scene, number)) for number in range(1, agents + 1)]
    yield from take_turns(marcus, FIRST_ACTS)
    while actors:
        yield from next_turn(scene, marcus, observer, actors)
        actors = [actor for actor in actors if not actor.is_over]
    yield from take_turns(Actor(complete_project(scene)), 1)


def next_turn(scene: Scene, marcus: Actor, observer: Actor, actors: list[Actor]) -> Iterator[Turn]:
    if scene.rng.random() < OBSERVATION_SHARE:
        yield from take_turns(observer, 1)
    elif scene.rng.random() < SETUP_SHARE and (next_act := marcus.next_act()):
        yield marcus, next_act
    elif turn := turn_of_team(scene, actors):
        scene.idle = 0
        yield turn
    else:
        scene.idle += marcus.is_over
        yield from take_turns(observer if marcus.is_over else marcus, 1)


def turn_of_team(scene: Scene, actors: list[Actor]) -> Turn | None:
    for actor in scene.rng.sample(actors, len(actors)):
        if next_act := actor.next_act():
            return actor, next_act
    return None


def take_turns(actor: Actor, number: int) -> Iterator[Turn]:
    for _ in range(number):
        if next_act := actor.next_act():
            yield actor, next_act
