"""What the lifecycles of a simulated project share.

A lifecycle is a generator. It yields its next act, or None while it waits, and receives the event made of its act. So
its code reads sequentially, while the schedule decides when it runs.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marcus_events.core.event import Event
from marcus_events.sources.simulation.project import SimulatedProject

MARCUS = "marcus"


@dataclass(frozen=True)
class SimulatedAct:
    """An act before it becomes an event. `cause` is the event that led to it."""

    event_type: str
    source: str
    data: dict[str, Any] = field(default_factory=dict)
    cause: Event | None = None


Lifecycle = Generator[SimulatedAct | None, Event, None]


@dataclass
class Scene:
    """The shared state. `acts` counts all acts; `idle` counts the latest of them during which no agent could act."""

    rng: random.Random
    project: SimulatedProject
    max_asking: int  # agents that may wait for a person at the same time
    now: datetime
    acts: int = 0
    idle: int = 0
