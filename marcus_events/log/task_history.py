"""What followers of a Marcus have published about tasks: what Marcus's own records make of them."""

from __future__ import annotations

from collections.abc import Sequence

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reducers.report_order import TASK_MOVING_TYPES
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows

TYPES = sorted(TASK_MOVING_TYPES | {T.TASK_CREATED, T.TASK_UPDATED, T.BLOCKER_RESOLVED})
# Ordered here and not by the database: it would be tempted to walk the whole log in order to save the sorting.
HISTORY = f"""SELECT {COLUMNS} FROM event
    WHERE task_id = ANY(%s) AND event_type = ANY(%s) AND jsonb_exists(metadata, 'act')"""


def task_history(task_ids: Sequence[str], connection: Connection = None) -> list[RecordedEvent]:
    """The events that followers have published and that move these tasks, in order.

    What people and other programs did is left out: Marcus's board does not know of it.
    """
    found = [recorded(row) for row in rows(HISTORY, [list(task_ids), TYPES], connection)]
    return sorted(found, key=lambda event: event.position)
