"""The board of a task that another task depends on, where the event that tells of it leaves it to be found.

It is

1. the one that the event names;
2. else the board of the event, where it has a task with this id;
3. else the only other board that has one. Where there is none, or several, it is the board of the event.

It is found when it is asked for: the other task may be created later than the dependency, or be removed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from marcus_events.log.rows import rows

AsOf = int | datetime | None
NamedTask = tuple[str, str, str]  # the event's board, the board that it names or "", and the id of the task
# Of a row `d` with `board_id`, `depends_on_board` and `depends_on_id`; {t} are the rows of tasks that hold.
BOARD = """CASE WHEN d.depends_on_board <> '' THEN d.depends_on_board
    WHEN EXISTS (SELECT FROM task t WHERE t.board_id = d.board_id AND t.task_id = d.depends_on_id AND {t})
        THEN d.board_id
    ELSE coalesce((SELECT min(t.board_id) FROM task t WHERE t.task_id = d.depends_on_id AND {t} HAVING count(*) = 1),
        d.board_id) END"""
NAMED = """unnest(%s::text[], %s::text[], %s::text[]) AS d(board_id, depends_on_board, depends_on_id)"""


def boards_of(named: Collection[NamedTask]) -> dict[NamedTask, str]:
    """The boards of these tasks, as they are now."""
    if not named:
        return {}
    query = f"SELECT board_id, depends_on_board, depends_on_id, {BOARD.format(t=held('t', None))} FROM {NAMED}"
    return {(row[0], row[1], row[2]): row[3] for row in rows(query, list(map(list, zip(*named, strict=True))))}


def held(table: str, moment: AsOf) -> str:
    """The rows of a table that held at a moment; as `IntervalQuerySet.as_of`."""
    if moment is None:
        return f"{table}.to_position IS NULL"
    unit = "position" if isinstance(moment, int) else "time"
    until = f"({table}.to_{unit} > %(moment)s OR {table}.to_{unit} IS NULL)"
    return f"{table}.from_{unit} <= %(moment)s AND {until}"
