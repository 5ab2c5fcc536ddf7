"""An agent: registers, then works on one task after another until none are left."""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Lifecycle, Scene, SimulatedAct
from marcus_events.sources.simulation.stuck_agent import report_blocker
from marcus_events.sources.simulation.texts import ARTIFACTS, DECISIONS, PROGRESS, ROLES

REPORT_COUNT = (4, 16)  # minimum and maximum number of progress reports per task
BLOCKER_CHANCE, DECISION_CHANCE, ARTIFACT_CHANCE = (
    0.03,
    0.08,
    0.06,
)  # before each report; about every third task is blocked once
LEARNING_CHANCE = 0.2  # per task


def agent_lifecycle(scene: Scene, number: int) -> Lifecycle:
    name, role, agent_id = f"Claude {number}", ROLES[(number - 1) % len(ROLES)], f"agent_claude_{number}"
    yield SimulatedAct(
        T.AGENT_REGISTERED, agent_id, {"agent_id": agent_id, "name": name, "role": role.title, "skills": role.skills}
    )
    while not scene.project.is_done:
        yield SimulatedAct(T.TASK_REQUESTED, agent_id, {"agent_id": agent_id})
        while (task := scene.project.assign_task(scene.rng)) is None and not scene.project.is_done:
            yield None
        if task:
            yield from work_on_task(scene, agent_id, task)
    yield SimulatedAct(T.AGENT_STATUS_CHANGED, agent_id, {"agent_id": agent_id, "status": "offline"})


def work_on_task(scene: Scene, agent_id: str, task: PlannedTask) -> Lifecycle:
    """Work on a task from assignment to completion."""
    fields = {"agent_id": agent_id, "task_id": task.task_id, "task_name": task.name}
    estimated = {"priority": task.priority, "estimated_hours": task.hours}
    assigned = yield SimulatedAct(T.TASK_ASSIGNED, MARCUS, fields | estimated)
    yield SimulatedAct(T.CONTEXT_REQUESTED, agent_id, fields, assigned)
    yield SimulatedAct(T.TASK_STARTED, agent_id, fields, assigned)
    reports = scene.rng.randint(*REPORT_COUNT)
    for report in range(1, reports + 1):
        yield from between_reports(scene, agent_id, task, fields)
        extra = {"status": "in_progress", "progress": report * 100 // (reports + 1)}
        yield SimulatedAct(T.TASK_PROGRESS, agent_id, fields | extra | {"message": scene.rng.choice(PROGRESS)})
    scene.project.finish(task)
    done = yield SimulatedAct(
        T.TASK_COMPLETED, agent_id, fields | {"estimated_hours": task.hours, "success": True}, assigned
    )
    if scene.rng.random() < LEARNING_CHANCE:
        yield SimulatedAct(T.AGENT_LEARNED, MARCUS, fields, done)


def between_reports(scene: Scene, agent_id: str, task: PlannedTask, fields: dict[str, Any]) -> Lifecycle:
    """Act between two progress reports; usually do nothing."""
    rng = scene.rng
    if rng.random() < BLOCKER_CHANCE:
        yield from report_blocker(scene, agent_id, task, fields)
    if rng.random() < DECISION_CHANCE:
        what, why = rng.choice(DECISIONS)
        yield SimulatedAct(T.DECISION_LOGGED, agent_id, fields | {"what": what, "why": why})
    if rng.random() < ARTIFACT_CHANCE:
        slug = task.area.replace(",", "").replace(" ", "-")
        yield SimulatedAct(
            T.IMPLEMENTATION_FOUND, agent_id, fields | {"artifact": rng.choice(ARTIFACTS).format(slug=slug)}
        )
