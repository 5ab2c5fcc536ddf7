"""Whose turn it is in an invented project.

1. The project is set up while its first tasks are taken already.
2. An agent, drawn among those that can do something, does its next act.
3. Now and then Marcus looks at the project; it also does while everybody can only wait.
4. When all tasks are done and all agents have ended, the project is complete.
"""

from __future__ import annotations

from collections.abc import Iterator

from marcus_events.core.event import Event
from marcus_events.sources.simulation.project_manager import complete, look, set_up
from marcus_events.sources.simulation.story import Life, Scene, SimulatedAct
from marcus_events.sources.simulation.working_agent import agent

BEGINNING = 2  # acts, before anybody joins
SET_UP = 0.5  # of the acts, while a project is set up
LOOKED_AT = 0.03  # of the acts


class ScheduledLife:
    """A life with where it is."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._event: Event | None = None
        self.is_over = False

    def act(self) -> SimulatedAct | None:
        """Its next act; None while it waits, and when its life is over."""
        event, self._event = self._event, None
        try:
            return self._life.send(event) if event else next(self._life)
        except StopIteration:
            self.is_over = True
            return None

    def became(self, event: Event) -> None:
        """What its last act became."""
        self._event = event


Turn = tuple[ScheduledLife, SimulatedAct]


def turns(scene: Scene, agents: int) -> Iterator[Turn]:
    """From the beginning of a project to its end."""
    marcus, looking = ScheduledLife(set_up(scene)), ScheduledLife(look(scene))
    team = [ScheduledLife(agent(scene, number)) for number in range(1, agents + 1)]
    yield from acts(marcus, BEGINNING)
    while team:
        yield from one(scene, marcus, looking, team)
        team = [actor for actor in team if not actor.is_over]
    yield from acts(ScheduledLife(complete(scene)), 1)


def one(scene: Scene, marcus: ScheduledLife, looking: ScheduledLife, team: list[ScheduledLife]) -> Iterator[Turn]:
    if scene.chance.random() < LOOKED_AT:
        yield from acts(looking, 1)
    elif scene.chance.random() < SET_UP and (act := marcus.act()):
        yield marcus, act
    elif turn := of_team(scene, team):
        scene.quiet = 0
        yield turn
    else:
        scene.quiet += marcus.is_over
        yield from acts(looking if marcus.is_over else marcus, 1)


def of_team(scene: Scene, team: list[ScheduledLife]) -> Turn | None:
    for actor in scene.chance.sample(team, len(team)):
        if act := actor.act():
            return actor, act
    return None


def acts(actor: ScheduledLife, number: int) -> Iterator[Turn]:
    for _ in range(number):
        if act := actor.act():
            yield actor, act
