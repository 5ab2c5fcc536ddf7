"""Marcus: it sets a project up, looks at it again and again, and says when it is complete."""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.simulation.plan import PlannedTask
from marcus_events.sources.simulation.story import MARCUS, Life, Scene, SimulatedAct
from marcus_events.sources.simulation.texts import WARNINGS

LOOKS = (T.PROJECT_STATE_REFRESHED, T.KANBAN_UPDATED, T.WARNING, T.PATTERN_DETECTED)
HOW_OFTEN = (90, 6, 2, 2)


def set_up(scene: Scene) -> Life:
    project = scene.project
    yield SimulatedAct(T.SYSTEM_STARTUP, MARCUS, {"provider": "simulation"})
    yield SimulatedAct(T.PROJECT_CREATED, MARCUS, {"project_name": project.name, "task_count": project.size})
    while project.planned:
        yield SimulatedAct(T.TASK_CREATED, MARCUS, described(project.put_on_board()))


def described(task: PlannedTask) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "task_name": task.name,
        "description": f"{task.name} and make it ready to show to users.",
        "priority": task.priority,
        "estimated_hours": task.hours,
        "labels": [task.label],
        "depends_on": list(task.depends_on),
    }


def look(scene: Scene) -> Life:
    """Without an end."""
    while True:
        (event_type,) = scene.chance.choices(LOOKS, HOW_OFTEN)
        yield SimulatedAct(event_type, MARCUS, found(scene, event_type))


def found(scene: Scene, event_type: str) -> dict[str, Any]:
    match event_type:
        case T.WARNING:
            return {"message": scene.chance.choice(WARNINGS)}
        case T.PATTERN_DETECTED:
            return {"pattern": "pages with a tested design are finished sooner"}
    return {"task_count": scene.project.size, "completed_tasks": scene.project.done}


def complete(scene: Scene) -> Life:
    project = scene.project
    yield SimulatedAct(T.PROJECT_COMPLETED, MARCUS, {"project_name": project.name, "task_count": project.size})
