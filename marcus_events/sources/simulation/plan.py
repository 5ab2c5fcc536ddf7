"""What there is to do in an invented project: tasks, and what each waits for.

For each area of the product the same steps come one after the other, and an area may need what another one offers.
So the picture has layers, long chains and things that go on side by side, as in life.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice, product
from typing import NamedTuple

from marcus_events.sources.simulation.texts import AREAS, PRIORITIES, VARIANTS

NEEDS_ANOTHER_AREA = 0.4  # share of areas
REACH = 6  # areas back, to one of which it needs


class PlanStep(NamedTuple):
    """What is done for an area. `after` are earlier steps of the same area, by their place in STEPS."""

    words: str
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
MODEL, API = 1, 2  # what one area may need of another


@dataclass(frozen=True)
class PlannedTask:
    task_id: str
    name: str
    area: str
    label: str
    priority: str
    hours: float
    depends_on: tuple[str, ...]


def plan(chance: random.Random, board_id: str, size: int) -> list[PlannedTask]:
    """So many tasks, in an order in which each comes after all that it depends on."""
    return list(islice(tasks(chance, board_id), size))


def tasks(chance: random.Random, board_id: str) -> Iterator[PlannedTask]:
    for number, area in enumerate(areas()):
        first = number * len(STEPS)
        other = number - chance.randint(1, REACH) if chance.random() < NEEDS_ANOTHER_AREA else -1
        for place, step in enumerate(STEPS):
            needed = [first + earlier for earlier in step.after]
            if place == MODEL and other >= 0:
                needed.append(other * len(STEPS) + API)
            yield PlannedTask(
                task_id=f"{board_id}-t{first + place + 1}",
                name=step.words.format(area=area),
                area=area,
                label=step.label,
                priority=chance.choice(PRIORITIES),
                hours=chance.choice((1.0, 2.0, 4.0, 8.0)),
                depends_on=tuple(f"{board_id}-t{n + 1}" for n in needed),
            )


def areas() -> Iterator[str]:
    """Never the same twice, and never at an end."""
    for variant, area in product(VARIANTS, AREAS):
        yield f"{area} {variant}".strip()
    for number in count(2):
        yield from (f"{area}, part {number}" for area in AREAS)
