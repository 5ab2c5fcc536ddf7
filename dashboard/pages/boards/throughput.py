"""How many tasks were finished lately, on each board, in steps of time back from a moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from dashboard.pages.boards.forecast import LONGEST, STEP
from dashboard.visibility import ON_BOARDS, Scope
from marcus_events.log.rows import rows

# What is done now, and has been since; a task that was taken up again was not finished. Web servers' clocks may differ.
FINISHED = f"""
SELECT board_id, greatest(0, floor(extract(epoch FROM %(now)s - status_since) / %(step)s))::int AS step, count(*)
FROM task
WHERE to_position IS NULL AND status = 'done' AND status_since > %(since)s AND {ON_BOARDS}
GROUP BY 1, 2
"""


def finished(scope: Scope, now: datetime) -> dict[str, list[int]]:
    """board → finished tasks per STEP, the newest first, as `dashboard.pages.boards.forecast` takes them."""
    found: dict[str, list[int]] = defaultdict(lambda: [0] * (LONGEST // STEP))
    values: dict[str, Any] = {"boards": scope.boards, "now": now, "since": now - LONGEST, "step": STEP.total_seconds()}
    for board_id, step, number in rows(FINISHED, values):
        found[board_id][step] = number
    return found


def next_minute(now: datetime) -> datetime:
    """A forecast moves on by the minute, so that a page is not sent another one with every event."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
