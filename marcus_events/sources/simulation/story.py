"""What all lives of an invented project share, and what a life is.

A life is a generator. It gives its next act, or None while it can only wait; and it is sent the event that its act
became. So a life reads as what happens one after the other, and whoever runs it decides when.
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
    """What somebody does, before it is an event. `because` is the event that led to it."""

    event_type: str
    source: str
    data: dict[str, Any] = field(default_factory=dict)
    because: Event | None = None


Life = Generator[SimulatedAct | None, Event, None]


@dataclass
class Scene:
    """`acts` is how many there were, `quiet` for how many of them by now nobody has had anything to do."""

    chance: random.Random
    project: SimulatedProject
    most_asking: int  # agents that wait for a person at once
    now: datetime
    acts: int = 0
    quiet: int = 0
