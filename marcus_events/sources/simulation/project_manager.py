"""Marcus in a simulation: sets up the project, observes it repeatedly and reports its completion."""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Lifecycle, Scene, SimulatedAct
from marcus_events.sources.simulation.texts import WARNINGS

OBSERVATIONS = (T.PROJECT_STATE_REFRESHED, T.KANBAN_UPDATED, T.WARNING, T.PATTERN_DETECTED)
OBSERVATION_WEIGHTS = (90, 6, 2, 2)


def setup_project(scene: Scene) -> Lifecycle:
    project = scene.project
    yield SimulatedAct(T.SYSTEM_STARTUP, MARCUS, {"provider": "simulation"})
    yield SimulatedAct(T.PROJECT_CREATED, MARCUS, {"project_name": project.name, "task_count": project.size})
    while project.planned:
        yield SimulatedAct(T.TASK_CREATED, MARCUS, task_data(project.add_to_board()))


def task_data(task: PlannedTask) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "task_name": task.name,
        "description": f"{task.name} and make it ready to show to users.",
        "priority": task.priority,
        "estimated_hours": task.hours,
        "labels": [task.label],
        "depends_on": list(task.depends_on),
    }


def observe_project(scene: Scene) -> Lifecycle:
    """Observe without end."""
    while True:
        (event_type,) = scene.rng.choices(OBSERVATIONS, OBSERVATION_WEIGHTS)
        yield SimulatedAct(event_type, MARCUS, observation_data(scene, event_type))


def observation_data(scene: Scene, event_type: str) -> dict[str, Any]:
    match event_type:
        case T.WARNING:
            return {"message": scene.rng.choice(WARNINGS)}
        case T.PATTERN_DETECTED:
            return {"pattern": "pages with a tested design are finished sooner"}
    return {"task_count": scene.project.size, "completed_tasks": scene.project.done}


def complete_project(scene: Scene) -> Lifecycle:
    project = scene.project
    yield SimulatedAct(T.PROJECT_COMPLETED, MARCUS, {"project_name": project.name, "task_count": project.size})
