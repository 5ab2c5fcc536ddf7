"""The only deletion from the log. What goes is declared in the log first: see `declaring`.

Ingestion is not held up: single events go in small batches with pauses, and a whole partition is detached without
locking the others out. Who reads it still (an export that takes long) is waited for a moment; then it is left for the
next run. May be killed at any moment: the next run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg import sql

from marcus_events.log.partitions import Partition, partitions
from marcus_events.log.rows import rows
from marcus_events.retention.policies import Condition
from marcus_events.retention.removal_declarations import Entry, declare

BATCH = 2_000  # events in a transaction
DECLARED = 50 * BATCH  # events that one `events_removed` accounts for
PAUSE_S = 0.02  # between two
WAIT_FOR_READERS = "3s"

FORGET = "DELETE FROM search WHERE position BETWEEN %s AND %s AND position = ANY(%s)"

Connection = psycopg.Connection[Any]


def be_patient(connection: Connection) -> None:
    """From now on a lock is waited for so long: meanwhile the log cannot be given room."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT_FOR_READERS])


# As ranges of positions: neighbours, as they mostly are, take no more room than one.
CHOOSE = """
WITH doomed AS (
    SELECT position, (row_number() OVER (ORDER BY position) - 1) / {batch} AS batch FROM (
        SELECT position FROM event WHERE ({condition}) AND position > %s AND position <= %s
        AND NOT EXISTS (SELECT FROM removal WHERE NOT is_done AND positions @> position)
        ORDER BY position LIMIT {most}
    ) AS oldest
)
INSERT INTO removal (run_id, positions) SELECT %s, range_agg(int8range(position, position + 1)) FROM doomed
GROUP BY batch ORDER BY batch RETURNING id, positions::text
"""
DELETE = "DELETE FROM event WHERE position = ANY(%s) RETURNING position"


def remove(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Remove what matches after a position and up to another, both of the log; how many events that were."""
    removed = 0
    query = CHOOSE.format(condition=condition[0], batch=BATCH, most=DECLARED)
    while entries := declare(connection, run_id, policy, query, [*condition[1], after, until, run_id]):
        removed += sum(carry_out(connection, entry, run_id) for entry in entries)
        after = max(entry.last for entry in entries)
    return removed


def carry_out(connection: Connection, entry: Entry, run_id: int) -> int:
    """Delete what an entry declares and is still there; how many events that were."""
    removed = 0
    connection.execute("UPDATE removal SET run_id = %s WHERE id = %s", [run_id, entry.id])
    positions = chain.from_iterable(range(lower, upper) for lower, upper in entry.positions)
    while is_there(connection, entry) and (some := list(islice(positions, BATCH))):
        removed += delete(connection, entry, some)
        time.sleep(PAUSE_S)
    connection.execute("UPDATE removal SET is_done = true WHERE id = %s", [entry.id])
    return removed


def is_there(connection: Connection, entry: Entry) -> bool:
    """Whether anything stands between its first position and its last."""
    stands = "SELECT EXISTS (SELECT FROM event WHERE position BETWEEN %s AND %s)"
    return bool(rows(stands, [entry.first, entry.last], connection)[0][0])


def delete(connection: Connection, entry: Entry, positions: list[int]) -> int:
    """Delete events, which are not found any more either. The log refuses to lose what no entry declares."""
    with connection.transaction():
        connection.execute("SELECT set_config('marcus.removal', %s, true)", [str(entry.id)])
        gone = [position for (position,) in connection.execute(DELETE, [positions]).fetchall()]
        if gone:
            connection.execute(FORGET, [min(gone), max(gone), gone])
    return len(gone)


def within(connection: Connection, entry: Entry) -> list[Partition]:
    """The partitions of which an entry declares every position; never the last one."""
    return [
        found
        for found in partitions(connection)[:-1]
        if not any(entry.positions.gaps(max(found.first, 1), found.until))
    ]


def whole(connection: Connection, until: int) -> list[Partition]:
    """The partitions whose every position is at or before `until`, but for the last one."""
    return [found for found in partitions(connection)[:-1] if found.until - 1 <= until]


def holds_any(connection: Connection, partition: Partition, conditions: Sequence[Condition]) -> bool:
    """Whether it has an event that none of the conditions covers."""
    covered = " OR ".join(f"({text})" for text, _ in conditions) or "false"
    query = f"SELECT EXISTS (SELECT FROM {partition.table} WHERE ({covered}) IS NOT TRUE)"  # noqa: S608 - our own name
    values = [value for _, values in conditions for value in values]
    return bool(rows(query, values, connection)[0][0])


def drop(connection: Connection, partition: Partition) -> tuple[int, int]:
    """Drop a partition whole; how many events it had, and how many bytes. Raises psycopg.errors.LockNotAvailable.

    Before it goes, the log says that it does not hold it any more.
    """
    table = sql.Identifier(partition.table)
    size = "SELECT (SELECT count(*) FROM {table}), pg_total_relation_size({name}::regclass)"
    count, size_bytes = connection.execute(
        sql.SQL(size).format(table=table, name=sql.Literal(partition.table))
    ).fetchone() or (0, 0)
    begins = """UPDATE log_head SET oldest = greatest(oldest, %s)
        WHERE NOT EXISTS (SELECT FROM event WHERE position < %s)"""
    connection.execute(begins, [partition.until, partition.first])
    connection.execute(sql.SQL("ALTER TABLE event DETACH PARTITION {table} CONCURRENTLY").format(table=table))
    connection.execute(sql.SQL("DROP TABLE {table}").format(table=table))
    return count, size_bytes


def finish(connection: Connection) -> None:
    """What an earlier run has begun to take away: already out of the log, but still on the disk.

    Raises psycopg.errors.LockNotAvailable while somebody reads it.
    """
    pending = "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhdetachpending"
    for (name,) in connection.execute(pending).fetchall():
        table = sql.Identifier(name)
        connection.execute(sql.SQL("ALTER TABLE event DETACH PARTITION {table} FINALIZE").format(table=table))
    for name in left_behind(connection):
        connection.execute(sql.SQL("DROP TABLE {table}").format(table=sql.Identifier(name)))


LEFT_BEHIND = r"""SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname ~ '^event_\d+$'
    AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
    AND (regexp_replace(c.relname, '\D', '', 'g'))::bigint < (SELECT oldest FROM log_head)"""


def left_behind(connection: Connection) -> list[str]:
    """Partitions that were detached and not dropped: below the oldest position that the log holds."""
    return [name for (name,) in connection.execute(LEFT_BEHIND.encode())]


# In one statement: at no moment is less noted as removed.
JOIN = """WITH gone AS (DELETE FROM removal WHERE is_done AND upper(positions) <= %s RETURNING run_id, positions)
    INSERT INTO removal (run_id, positions, is_done) SELECT max(run_id), range_agg(positions), true FROM gone
    HAVING count(*) > 0"""


def move_oldest(connection: Connection) -> int:
    """The log begins with the first event that there is; that position. What was noted before it becomes one range."""
    query = """UPDATE log_head SET oldest = greatest(oldest, coalesce((SELECT min(position) FROM event), position + 1))
        RETURNING oldest"""
    oldest = int((connection.execute(query).fetchone() or (1,))[0])
    connection.execute(JOIN, [oldest])
    connection.execute("DELETE FROM thinned WHERE position < %s", [oldest])
    return oldest
