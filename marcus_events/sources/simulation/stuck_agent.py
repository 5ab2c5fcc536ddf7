"""An agent that is stuck: it asks, and goes on when it is answered, by a person or by what it finds itself."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from marcus_events.core.event import Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Life, Scene, SimulatedAct
from marcus_events.sources.simulation.texts import TROUBLES, SimulatedBlocker

PROGRAM = "program:simulate"  # who waits for an answer, named as the API names a program
SUGGESTS, RECLASSIFIES = 0.7, 0.15  # of the blockers
ASKS_A_PERSON = 0.3  # of them, as long as few agents wait for one already

# How long a blocker stays, in acts of all: it is to be seen at any rate, and to hold nobody up for good.
BY_ITSELF = (20, 300)
BY_A_PERSON = 5_000  # a quarter of an hour at five events a second
NOTHING_ELSE = 50  # where nobody has anything else to do
AWAITED_FOR = timedelta(minutes=2)  # said anew before it is over


def stuck(scene: Scene, me: str, task: PlannedTask, about: dict[str, Any]) -> Life:
    failure, answers = scene.chance.choice(TROUBLES), scene.project.answers
    stated = {"severity": failure.severity, "blocker_type": failure.blocker_type}
    description = failure.question.format(area=task.area)
    blocked = yield SimulatedAct(T.TASK_BLOCKED, me, about | stated | {"description": description})
    named = about | {"blocker_event_id": blocked.event_id}
    yield from looked_at(scene.chance, failure, named, blocked)
    yield from waited(scene, named, blocked)
    if answer := answers.pop(blocked.event_id, None):
        yield SimulatedAct(T.ANSWER_SEEN, PROGRAM, named, answer)
    else:
        yield SimulatedAct(T.BLOCKER_RESOLVED, MARCUS, named | {"resolution": failure.answer}, blocked)


def looked_at(chance: random.Random, failure: SimulatedBlocker, named: dict[str, Any], blocked: Event) -> Life:
    """What Marcus makes of it."""
    if chance.random() < SUGGESTS:
        sure = chance.randint(4, 9) / 10
        suggestion = {"root_cause": failure.blocker_type, "resolution_steps": failure.steps, "confidence": sure}
        yield SimulatedAct(T.BLOCKER_SUGGESTION, MARCUS, named | {"suggestion": suggestion}, blocked)
    if chance.random() < RECLASSIFIES:
        change = {"severity": "high", "reported_severity": failure.severity}
        yield SimulatedAct(T.BLOCKER_UPDATED, MARCUS, named | change, blocked)


def waited(scene: Scene, named: dict[str, Any], blocked: Event) -> Life:
    """Until there is an answer, or it has been waited for long enough."""
    project = scene.project
    if project.asking < scene.most_asking and scene.chance.random() < ASKS_A_PERSON:
        project.asking += 1
        yield from listening(scene, named, blocked)
        project.asking -= 1
    else:
        longest = scene.acts + scene.chance.randint(*BY_ITSELF)
        while is_open(scene, blocked, longest):
            yield None


def listening(scene: Scene, named: dict[str, Any], blocked: Event) -> Life:
    """For a person's answer. That somebody waits for it is said for as long as it is so."""
    longest, awaited_until = scene.acts + BY_A_PERSON, scene.now
    while is_open(scene, blocked, longest):
        if awaited_until - scene.now < AWAITED_FOR / 2:
            awaited_until = scene.now + AWAITED_FOR
            yield SimulatedAct(T.ANSWER_AWAITED, PROGRAM, named | {"until": awaited_until.isoformat()}, blocked)
        else:
            yield None


def is_open(scene: Scene, blocked: Event, longest: int) -> bool:
    """Not answered, and not waited for long enough; `longest` is in acts, as `scene.acts` counts them."""
    return blocked.event_id not in scene.project.answers and scene.acts < longest and scene.quiet < NOTHING_ELSE
