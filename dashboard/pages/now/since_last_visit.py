"""Counts what has happened since a person's last visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from dashboard.headline import count
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import meaning_of

TOLD = {
    T.TASK_COMPLETED: "task|finished",
    T.TASK_BLOCKED: "task|blocked",
    T.BLOCKER_RESOLVED: "blocker|resolved",
    T.TASK_STARTED: "task|started",
    T.DECISION_LOGGED: "decision|",
    T.ERROR: "error|",
}


@dataclass(frozen=True)
class Since:
    """`told` are (type, words) of the most important types; `total` counts everything but noise."""

    at: datetime
    total: int
    told: list[tuple[str, str]]


def since(at: datetime, scope: Scope) -> Since:
    rows = scope.counted(models.Rate.objects).filter(minute__gte=at.replace(second=0, microsecond=0))
    counts: dict[str, Any] = dict(rows.values_list("event_type").annotate(total=Sum("count")))
    total = sum(number for name, number in counts.items() if meaning_of(name).importance != "noise")
    return Since(at, total, [(name, words(name, counts[name])) for name in TOLD if counts.get(name)])


def words(event_type: str, number: int) -> str:
    noun, _, rest = TOLD[event_type].partition("|")
    return f"{count(number, noun)} {rest}".strip()
