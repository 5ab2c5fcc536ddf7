"""Long runs of like events become their first and their last one, which says how many stood between them.

Like are events of the same type, by the same agent, about the same task, with nothing else of that task between them:
an agent that reports its progress every few seconds.
"""

from __future__ import annotations

import time

from marcus_events.retention.deletion import BATCH, PAUSE_S, Connection, carry_out
from marcus_events.retention.policies import Condition
from marcus_events.retention.removal_declarations import declare

CHUNK = 100_000  # positions looked at at once; a run that goes on beyond keeps one event more

THIN = """
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
    SELECT position, last, (row_number() OVER (ORDER BY position) - 1) / {batch} AS batch FROM placed
    WHERE governed AND n > 1 AND n < size
    AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
), counted AS (
    INSERT INTO thinned AS known (position, count) SELECT last, count(*) FROM doomed GROUP BY last
    ON CONFLICT (position) DO UPDATE SET count = known.count + excluded.count
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM doomed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""


def thin(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Thin what matches after a position and up to another; how many events were removed."""
    removed = 0
    query = THIN.format(condition=condition[0], batch=BATCH)
    for start in range(after, until, CHUNK):
        values = [*condition[1], start, min(start + CHUNK, until), run_id]
        entries = declare(connection, run_id, policy, query, values)
        removed += sum(carry_out(connection, entry, run_id) for entry in entries)
        time.sleep(PAUSE_S)
    return removed
