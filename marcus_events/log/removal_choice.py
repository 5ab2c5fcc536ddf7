"""Chooses which events are removed: queries that write their positions into `removal`, batch by batch.

Each returns the id and the positions of its rows, as text. As ranges of positions: neighbours, as they mostly are, take
no more room than one.
"""

from __future__ import annotations

from typing import Any

from marcus_events.log.sql_filter import Condition

MATCHING = """
WITH doomed AS (
    SELECT position, (row_number() OVER (ORDER BY position) - 1) / %s AS batch FROM (
        SELECT position FROM event WHERE ({condition}) AND position > %s AND position <= %s
        AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
        ORDER BY position LIMIT %s
    ) AS oldest
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM doomed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""
REPEATS = """
WITH looked AS MATERIALIZED (
    SELECT position, event_type, board_id, task_id, agent_id, ({condition}) AS governed FROM event
    WHERE position > %s AND position <= %s AND task_id IS NOT NULL
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY board_id, task_id ORDER BY position)
            - row_number() OVER (PARTITION BY board_id, task_id, agent_id, event_type ORDER BY position) AS run
    FROM looked
), placed AS (
    SELECT position, governed, row_number() OVER alike AS n, count(*) OVER alike_all AS size,
           max(position) OVER alike_all AS last
    FROM numbered
    WINDOW alike AS (PARTITION BY board_id, task_id, agent_id, event_type, run ORDER BY position),
           alike_all AS (PARTITION BY board_id, task_id, agent_id, event_type, run)
), doomed AS MATERIALIZED (
    SELECT position, last, (row_number() OVER (ORDER BY position) - 1) / %s AS batch FROM placed
    WHERE governed AND n > 1 AND n < size
    AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
), counted AS (
    INSERT INTO thinned AS known (position, count) SELECT last, count(*) FROM doomed GROUP BY last
    ON CONFLICT (position) DO UPDATE SET count = known.count + excluded.count
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM doomed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""


def matching(
    condition: Condition, after: int, until: int, *, run_id: int, batch: int, limit: int
) -> tuple[str, list[Any]]:
    """The oldest events that match, after a position and up to another, with the values of the query."""
    text, values = condition
    return MATCHING.format(condition=text), [batch, *values, after, until, limit, run_id]


def repeats(condition: Condition, after: int, until: int, *, run_id: int, batch: int) -> tuple[str, list[Any]]:
    """All but the first and the last of each run of like events, where the condition holds; counted in `thinned`.

    Like are events of the same type, by the same agent, about the same task, with nothing else of that task between
    them.
    """
    text, values = condition
    return REPEATS.format(condition=text), [*values, after, until, batch, run_id]
