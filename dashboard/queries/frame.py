"""What is around every page: the boards to choose from, and the open blockers in the bell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dashboard.queries import blockers, present
from marcus_events import models
from marcus_events.core.event import utc_now

NEWS = timedelta(minutes=3)  # older is history that is being read in: no reason to interrupt anybody
MAX_ALERTS = 20


@dataclass(frozen=True)
class Alert:
    blocker: models.Blocker
    task: str
    agent: str


def alerts() -> list[Alert]:
    """Blockers that opened just now and are still open, on any board, newest first."""
    fresh = blockers.open_rows("").filter(opened_at__gt=utc_now() - NEWS, opened_at__lt=utc_now() + NEWS)
    rows = list(fresh.order_by("-opened_at")[:MAX_ALERTS])
    names = present.names_with_tasks({row.board_id for row in rows}) if rows else present.Names({}, {})
    return [Alert(row, names.task(row.board_id, row.task_id), names.agent(row.board_id, row.agent_id)) for row in rows]
