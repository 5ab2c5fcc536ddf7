"""When a followed Marcus last said that a task was done, or blocked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from marcus_events.core.event_types import EventTypes as T
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT

DONE = f"(event_type = '{T.TASK_COMPLETED}' OR data->>'status' IN ('completed', 'done'))"
AT_REST = f"""SELECT coalesce(board_id, ''), task_id, max({HAPPENED_AT}) FILTER (WHERE {DONE}), max({HAPPENED_AT})
    FROM event
    WHERE task_id = ANY(%s) AND jsonb_exists(metadata, 'act')
        AND (event_type = '{T.TASK_BLOCKED}' OR (event_type IN ('{T.TASK_COMPLETED}', '{T.TASK_PROGRESS}') AND {DONE}))
    GROUP BY 1, 2"""

TaskKey = tuple[str, str]  # board, "" where none is named; task


@dataclass(frozen=True)
class Rest:
    """When a task was last done, and when it was last done or blocked; None where it never was."""

    done: datetime | None = None
    either: datetime | None = None


def rests(task_ids: Iterable[str], connection: Connection = None) -> dict[TaskKey, Rest]:
    """By the events that followers of Marcus have published: they carry the mark of an act."""
    found = rows(AT_REST, [list(task_ids)], connection)
    return {(board_id, task_id): Rest(done, either) for board_id, task_id, done, either in found}
