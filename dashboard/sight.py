"""What a person may see of the log. Here everybody sees everything; who is a member of what comes with access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marcus_events.core.filters import EventFilter


@dataclass(frozen=True)
class Sight:
    """`boards` are the ids of those that are seen, None for every board."""

    boards: frozenset[str] | None = None
    audit: bool = True

    def narrow(self, wanted: EventFilter) -> EventFilter:
        return wanted

    def allows(self, board_id: str | None) -> bool:
        return True


def sight_of(user: Any) -> Sight:
    return Sight()
