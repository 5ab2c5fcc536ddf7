"""Counts recently finished tasks per board and time step."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from dashboard.pages.boards.forecast import LONGEST, STEP
from dashboard.visibility import ON_BOARDS, Scope
from marcus_events.log.rows import rows

# Tasks that are done now: a reopened task is not finished. Web servers' clocks may differ.
FINISHED = f"""
SELECT board_id, greatest(0, floor(extract(epoch FROM %(now)s - status_since) / %(step)s))::int AS step, count(*)
FROM task
WHERE to_position IS NULL AND status = 'done' AND status_since > %(since)s AND {ON_BOARDS}
GROUP BY 1, 2
"""


def finished(scope: Scope, now: datetime) -> dict[str, list[int]]:
    """Return by board the finished tasks per STEP, newest first, as `dashboard.pages.boards.forecast` expects them."""
    found: dict[str, list[int]] = defaultdict(lambda: [0] * (LONGEST // STEP))
    values: dict[str, Any] = {"boards": scope.boards, "now": now, "since": now - LONGEST, "step": STEP.total_seconds()}
    for board_id, step, number in rows(FINISHED, values):
        found[board_id][step] = number
    return found


def next_minute(now: datetime) -> datetime:
    """Round up, so that forecasts change once a minute and not with every event."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
