"""An agent: it joins, and takes one task after the other, for as long as there are some."""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Life, Scene, SimulatedAct
from marcus_events.sources.simulation.stuck_agent import stuck
from marcus_events.sources.simulation.texts import ARTIFACTS, DECISIONS, PROGRESS, ROLES

REPORTS = (4, 16)  # of progress, on a task
IS_STUCK, DECIDES, MAKES = 0.03, 0.08, 0.06  # before a report; so about every third task is blocked once
LEARNS = 0.2  # of the tasks


def agent(scene: Scene, number: int) -> Life:
    name, role, me = f"Claude {number}", ROLES[(number - 1) % len(ROLES)], f"agent_claude_{number}"
    yield SimulatedAct(
        T.AGENT_REGISTERED, me, {"agent_id": me, "name": name, "role": role.title, "skills": role.skills}
    )
    while not scene.project.is_done:
        yield SimulatedAct(T.TASK_REQUESTED, me, {"agent_id": me})
        while (task := scene.project.take(scene.chance)) is None and not scene.project.is_done:
            yield None
        if task:
            yield from work(scene, me, task)
    yield SimulatedAct(T.AGENT_STATUS_CHANGED, me, {"agent_id": me, "status": "offline"})


def work(scene: Scene, me: str, task: PlannedTask) -> Life:
    """A task from its assignment to its end."""
    about = {"agent_id": me, "task_id": task.task_id, "task_name": task.name}
    estimated = {"priority": task.priority, "estimated_hours": task.hours}
    assigned = yield SimulatedAct(T.TASK_ASSIGNED, MARCUS, about | estimated)
    yield SimulatedAct(T.CONTEXT_REQUESTED, me, about, assigned)
    yield SimulatedAct(T.TASK_STARTED, me, about, assigned)
    reports = scene.chance.randint(*REPORTS)
    for report in range(1, reports + 1):
        yield from on_the_way(scene, me, task, about)
        stated = {"status": "in_progress", "progress": report * 100 // (reports + 1)}
        yield SimulatedAct(T.TASK_PROGRESS, me, about | stated | {"message": scene.chance.choice(PROGRESS)})
    scene.project.finish(task)
    done = yield SimulatedAct(T.TASK_COMPLETED, me, about | {"estimated_hours": task.hours, "success": True}, assigned)
    if scene.chance.random() < LEARNS:
        yield SimulatedAct(T.AGENT_LEARNED, MARCUS, about, done)


def on_the_way(scene: Scene, me: str, task: PlannedTask, about: dict[str, Any]) -> Life:
    """What happens between two reports: mostly nothing."""
    chance = scene.chance
    if chance.random() < IS_STUCK:
        yield from stuck(scene, me, task, about)
    if chance.random() < DECIDES:
        what, why = chance.choice(DECISIONS)
        yield SimulatedAct(T.DECISION_LOGGED, me, about | {"what": what, "why": why})
    if chance.random() < MAKES:
        slug = task.area.replace(",", "").replace(" ", "-")
        yield SimulatedAct(T.IMPLEMENTATION_FOUND, me, about | {"artifact": chance.choice(ARTIFACTS).format(slug=slug)})
