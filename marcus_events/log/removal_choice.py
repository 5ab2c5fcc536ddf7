"""Choose the events to remove: queries that write their positions into `removal`, a row for each batch.

Each query returns the id and the positions of its rows, as text. Positions are stored as ranges: neighbours, which they
mostly are, take no more room than one.
"""

from __future__ import annotations

from typing import Any

from marcus_events.log.sql_filter import Condition

MATCHING = """
WITH removed AS (
    SELECT position, (row_number() OVER (ORDER BY position) - 1) / %s AS batch FROM (
        SELECT position FROM event WHERE ({condition}) AND position > %s AND position <= %s
        AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
        ORDER BY position LIMIT %s
    ) AS oldest
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM removed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""
REPEATS = """
WITH neighbours AS MATERIALIZED (
    SELECT position, board_id, task_id, ({condition}) AS is_governed,
        (event_type, agent_id) IS NOT DISTINCT FROM (lag(event_type) OVER task, lag(agent_id) OVER task) AS same_before,
        (event_type, agent_id) IS NOT DISTINCT FROM (lead(event_type) OVER task, lead(agent_id) OVER task) AS same_after
    FROM event WHERE position > %s AND position <= %s AND task_id IS NOT NULL
    WINDOW task AS (PARTITION BY board_id, task_id ORDER BY position)
), runs AS (
    SELECT *, min(position) FILTER (WHERE NOT same_after) OVER (
        PARTITION BY board_id, task_id ORDER BY position DESC
    ) AS run_ends_at FROM neighbours
), removed AS MATERIALIZED (
    SELECT position, run_ends_at, (row_number() OVER (ORDER BY position) - 1) / %s AS batch FROM runs
    WHERE is_governed AND same_before AND same_after
    AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
), counted AS (
    INSERT INTO thinned AS known (position, count) SELECT run_ends_at, count(*) FROM removed GROUP BY run_ends_at
    ON CONFLICT (position) DO UPDATE SET count = known.count + excluded.count
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM removed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""


def matching(
    condition: Condition, after: int, until: int, *, run_id: int, batch: int, limit: int
) -> tuple[str, list[Any]]:
    """The oldest `limit` matching events after one position and up to another: a query with its values."""
    text, values = condition
    return MATCHING.format(condition=text), [batch, *values, after, until, limit, run_id]


def repeats(condition: Condition, after: int, until: int, *, run_id: int, batch: int) -> tuple[str, list[Any]]:
    """All but the first and the last event of each run of alike events, where the condition holds.

    Events of a task are alike when they have the same type and agent. A run is a sequence of alike events with no other
    event of that task between them. The table `thinned` says for the last event of a run how many were removed before
    it. An example, where the condition is `event_type = 'task_progress'` and every event is of one task:

        position   type            agent     same_before   same_after   run_ends_at   removed
        11         task_progress   agent_1   false         true         14
        12         task_progress   agent_1   true          true         14            yes
        13         task_progress   agent_1   true          true         14            yes
        14         task_progress   agent_1   true          false        14            no: `thinned` says 2 for it
        15         task_blocked    agent_1   false         false        15
        16         task_progress   agent_1   false         false        16
    """
    text, values = condition
    return REPEATS.format(condition=text), [*values, after, until, batch, run_id]
