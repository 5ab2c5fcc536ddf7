"""A blocked agent: reports a blocker, and continues when a person or Marcus resolves it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from marcus_events.core.event import Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Lifecycle, Scene, SimulatedAct
from marcus_events.sources.simulation.texts import BLOCKERS, SimulatedBlocker

PROGRAM = "program:simulate"  # the waiting program, named as by the API
SUGGESTION_SHARE, RECLASSIFY_SHARE = 0.7, 0.15  # shares of all blockers
ASK_PERSON_SHARE = 0.3  # unless `max_asking` agents wait already

# How long a blocker stays open, in acts of all agents: long enough to be seen, but not forever.
OWN_WAIT_ACTS = (20, 300)
PERSON_WAIT_ACTS = 5_000  # 15 minutes at 5 events/s
MAX_IDLE_ACTS = 50  # while no agent can act
AWAIT_RENEWAL = timedelta(minutes=2)  # renewed before it ends


def report_blocker(scene: Scene, agent_id: str, task: PlannedTask, fields: dict[str, Any]) -> Lifecycle:
    blocker, answers = scene.rng.choice(BLOCKERS), scene.project.answers
    extra = {"severity": blocker.severity, "blocker_type": blocker.blocker_type}
    description = blocker.question.format(area=task.area)
    blocked = yield SimulatedAct(T.TASK_BLOCKED, agent_id, fields | extra | {"description": description})
    blocker_fields = fields | {"blocker_event_id": blocked.event_id}
    yield from analyse_blocker(scene.rng, blocker, blocker_fields, blocked)
    yield from wait_for_answer(scene, blocker_fields, blocked)
    if answer := answers.pop(blocked.event_id, None):
        yield SimulatedAct(T.ANSWER_SEEN, PROGRAM, blocker_fields, answer)
    else:
        yield SimulatedAct(T.BLOCKER_RESOLVED, MARCUS, blocker_fields | {"resolution": blocker.answer}, blocked)


def analyse_blocker(
    rng: random.Random, blocker: SimulatedBlocker, blocker_fields: dict[str, Any], blocked: Event
) -> Lifecycle:
    """Yield Marcus's suggestion and change of severity, if any."""
    if rng.random() < SUGGESTION_SHARE:
        sure = rng.randint(4, 9) / 10
        suggestion = {"root_cause": blocker.blocker_type, "resolution_steps": blocker.steps, "confidence": sure}
        yield SimulatedAct(T.BLOCKER_SUGGESTION, MARCUS, blocker_fields | {"suggestion": suggestion}, blocked)
    if rng.random() < RECLASSIFY_SHARE:
        change = {"severity": "high", "reported_severity": blocker.severity}
        yield SimulatedAct(T.BLOCKER_UPDATED, MARCUS, blocker_fields | change, blocked)


def wait_for_answer(scene: Scene, blocker_fields: dict[str, Any], blocked: Event) -> Lifecycle:
    """Wait until the blocker is answered or its time is over."""
    project = scene.project
    if project.asking < scene.max_asking and scene.rng.random() < ASK_PERSON_SHARE:
        project.asking += 1
        yield from ask_person(scene, blocker_fields, blocked)
        project.asking -= 1
    else:
        deadline = scene.acts + scene.rng.randint(*OWN_WAIT_ACTS)
        while is_open(scene, blocked, deadline):
            yield None


def ask_person(scene: Scene, blocker_fields: dict[str, Any], blocked: Event) -> Lifecycle:
    """Wait for a person's answer, renewing the announcement that a program waits."""
    deadline, awaited_until = scene.acts + PERSON_WAIT_ACTS, scene.now
    while is_open(scene, blocked, deadline):
        if awaited_until - scene.now < AWAIT_RENEWAL / 2:
            awaited_until = scene.now + AWAIT_RENEWAL
            yield SimulatedAct(
                T.ANSWER_AWAITED, PROGRAM, blocker_fields | {"until": awaited_until.isoformat()}, blocked
            )
        else:
            yield None


def is_open(scene: Scene, blocked: Event, deadline: int) -> bool:
    """Return whether the blocker is unanswered and its deadline, in acts as counted by `scene.acts`, has not passed."""
    return blocked.event_id not in scene.project.answers and scene.acts < deadline and scene.idle < MAX_IDLE_ACTS
