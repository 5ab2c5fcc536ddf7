"""Thin long runs of alike events: the first and the last stay, and the last says how many were removed before it.

Events of a task are alike when they have the same type and agent. A run is a sequence of alike events with no other
event of that task between them, such as an agent that reports its progress every few seconds. An example, where the
policy governs `task_progress` and every event is of one task:

    position   type            agent     same_before   same_after   run_ends_at   removed
    11         task_progress   agent_1   false         true         14
    12         task_progress   agent_1   true          true         14            yes
    13         task_progress   agent_1   true          true         14            yes
    14         task_progress   agent_1   true          false        14            no: `thinned` says 2 for it
    15         task_blocked    agent_1   false         false        15
    16         task_progress   agent_1   false         false        16
"""

from __future__ import annotations

import time

from marcus_events.retention.deletion import BATCH, PAUSE_S, Connection, carry_out
from marcus_events.retention.policies import Condition
from marcus_events.retention.removal_declarations import declare

CHUNK = 100_000  # positions of one statement; a run that goes on in the next chunk keeps its events at the border

THIN = """
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
    SELECT position, run_ends_at, (row_number() OVER (ORDER BY position) - 1) / {batch} AS batch FROM runs
    WHERE is_governed AND same_before AND same_after
    AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
), counted AS (
    INSERT INTO thinned AS known (position, count) SELECT run_ends_at, count(*) FROM removed GROUP BY run_ends_at
    ON CONFLICT (position) DO UPDATE SET count = known.count + excluded.count
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM removed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""


def thin(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Thin governed events after one position and up to another; returns the number of removed events."""
    removed = 0
    query = THIN.format(condition=condition[0], batch=BATCH)
    for start in range(after, until, CHUNK):
        values = [*condition[1], start, min(start + CHUNK, until), run_id]
        entries = declare(connection, run_id, policy, query, values)
        removed += sum(carry_out(connection, entry, run_id) for entry in entries)
        time.sleep(PAUSE_S)
    return removed
