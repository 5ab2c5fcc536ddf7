"""The tasks of a simulated project and their dependencies.

Each area of the product goes through the same steps, and an area may depend on another one. So the dependency graph has
layers, long chains and parallel work.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice, product
from typing import NamedTuple

from marcus_events.sources.simulation.texts import AREAS, PRIORITIES, VARIANTS

NEEDS_ANOTHER_AREA = 0.4  # probability per area
MAX_AREA_DISTANCE = 6  # how many areas back the dependency may lie


class PlanStep(NamedTuple):
    """A step of an area. `after` are indexes into STEPS of earlier steps that it depends on."""

    title: str
    label: str
    after: tuple[int, ...]


STEPS = (
    PlanStep("Design the {area}", "design", ()),
    PlanStep("Model the {area} data", "backend", (0,)),
    PlanStep("Build the {area} API", "backend", (1,)),
    PlanStep("Build the {area} page", "frontend", (0, 2)),
    PlanStep("Test the {area}", "test", (2, 3)),
    PlanStep("Document the {area}", "documentation", (3,)),
)
MODEL_STEP, API_STEP = 1, 2  # the steps that may depend on another area, and its step that they depend on


@dataclass(frozen=True)
class PlannedTask:
    task_id: str
    name: str
    area: str
    label: str
    priority: str
    hours: float
    depends_on: tuple[str, ...]


def plan(rng: random.Random, board_id: str, size: int) -> list[PlannedTask]:
    """Return `size` tasks; each comes after all that it depends on."""
    return list(islice(tasks(rng, board_id), size))


def tasks(rng: random.Random, board_id: str) -> Iterator[PlannedTask]:
    for number, area in enumerate(areas()):
        first = number * len(STEPS)
        other = number - rng.randint(1, MAX_AREA_DISTANCE) if rng.random() < NEEDS_ANOTHER_AREA else -1
        for index, step in enumerate(STEPS):
            needed = [first + earlier for earlier in step.after]
            if index == MODEL_STEP and other >= 0:
                needed.append(other * len(STEPS) + API_STEP)
            yield PlannedTask(
                task_id=f"{board_id}-t{first + index + 1}",
                name=step.title.format(area=area),
                area=area,
                label=step.label,
                priority=rng.choice(PRIORITIES),
                hours=rng.choice((1.0, 2.0, 4.0, 8.0)),
                depends_on=tuple(f"{board_id}-t{n + 1}" for n in needed),
            )


def areas() -> Iterator[str]:
    """Yield area names without end, never the same twice."""
    for variant, area in product(VARIANTS, AREAS):
        yield f"{area} {variant}".strip()
    for number in count(2):
        yield from (f"{area}, part {number}" for area in AREAS)
