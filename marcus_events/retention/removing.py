"""The only deletion from the log. Every event that goes singly is written down in `removal`, in the same commit.

Ingestion is not held up: single events go in small batches with pauses, and a whole partition is detached without
locking the others out. Who reads it still (an export that takes long) is waited for a moment; then it is left for the
next run. May be killed at any moment: the next run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from marcus_events.log import read
from marcus_events.log.partitions import Partition, partitions
from marcus_events.retention.policies import Condition

BATCH = 2_000  # events in a transaction
PAUSE_S = 0.02  # between two
WAIT_FOR_READERS = "3s"

FORGET = "DELETE FROM search WHERE position BETWEEN %s AND %s AND position = ANY(%s)"

Connection = psycopg.Connection[Any]


def be_patient(connection: Connection) -> None:
    """From now on a lock is waited for so long: meanwhile the log cannot be given room."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT_FOR_READERS])


# What is removed singly is kept as ranges of positions: neighbours, as they mostly are, take no more room than one.
REMOVE = """
WITH gone AS (
    DELETE FROM event WHERE position IN (
        SELECT position FROM event WHERE ({condition}) AND position > %s AND position <= %s ORDER BY position LIMIT %s)
    RETURNING position
), written AS (
    INSERT INTO removal (run_id, positions)
    SELECT %s, range_agg(int8range(position, position + 1)) FROM gone HAVING count(*) > 0
)
SELECT coalesce(array_agg(position), '{{}}') FROM gone
"""


def remove(connection: Connection, run_id: int, condition: Condition, after: int, until: int) -> int:
    """Remove what matches after a position and up to another, both of the log; how many events that were."""
    removed = 0
    while gone := one_batch(connection, run_id, condition, after, until):
        removed, after = removed + len(gone), max(gone)
        time.sleep(PAUSE_S)
    return removed


def one_batch(connection: Connection, run_id: int, condition: Condition, after: int, until: int) -> list[int]:
    """The positions that were removed."""
    query = REMOVE.format(condition=condition[0])
    return delete(connection, run_id, query, [*condition[1], after, until, BATCH, run_id])


def delete(connection: Connection, run_id: int, query: str, values: list[Any]) -> list[int]:
    """The positions that a query deletes, which are not found any more either."""
    with connection.transaction():
        allow(connection, run_id)
        [[gone]] = connection.execute(query.encode(), values).fetchall()
        if gone:
            connection.execute(FORGET, [min(gone), max(gone), gone])
        return list(gone)


def allow(connection: Connection, run_id: int) -> None:
    """The log refuses to lose an event unless a run answers for it."""
    connection.execute("SELECT set_config('marcus.removal', %s, true)", [str(run_id)])


def whole(connection: Connection, until: int) -> list[Partition]:
    """The partitions whose every position is at or before `until`, but for the last one."""
    return [found for found in partitions(connection)[:-1] if found.until - 1 <= until]


def holds_any(connection: Connection, partition: Partition, conditions: Sequence[Condition]) -> bool:
    """Whether it has an event that none of the conditions covers."""
    covered = " OR ".join(f"({text})" for text, _ in conditions) or "false"
    query = f"SELECT EXISTS (SELECT FROM {partition.table} WHERE ({covered}) IS NOT TRUE)"  # noqa: S608 - our own name
    values = [value for _, values in conditions for value in values]
    return bool(read.rows(query, values, connection)[0][0])


def drop(connection: Connection, run_id: int, partition: Partition) -> tuple[int, int]:
    """Drop a partition whole; how many events it had, and how many bytes. Raises psycopg.errors.LockNotAvailable.

    Before it goes, the log says that it does not hold it any more.
    """
    table = sql.Identifier(partition.table)
    size = "SELECT (SELECT count(*) FROM {table}), pg_total_relation_size({name}::regclass)"
    count, size_bytes = connection.execute(
        sql.SQL(size).format(table=table, name=sql.Literal(partition.table))
    ).fetchone() or (0, 0)
    write_down(connection, run_id, partition)
    connection.execute(sql.SQL("ALTER TABLE event DETACH PARTITION {table} CONCURRENTLY").format(table=table))
    connection.execute(sql.SQL("DROP TABLE {table}").format(table=table))
    return count, size_bytes


def write_down(connection: Connection, run_id: int, partition: Partition) -> None:
    """As the new beginning of the log, or as one range where older events are kept."""
    begins = """UPDATE log_head SET oldest = greatest(oldest, %s)
        WHERE NOT EXISTS (SELECT FROM event WHERE position < %s)"""
    if not connection.execute(begins, [partition.until, partition.first]).rowcount:
        ranges = "INSERT INTO removal VALUES (%s, int8multirange(int8range(%s, %s)))"
        connection.execute(ranges, [run_id, partition.first, partition.until])


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


def move_oldest(connection: Connection) -> int:
    """The log begins with the first event that there is; that position. What was noted of those before it goes too."""
    query = """UPDATE log_head SET oldest = greatest(oldest, coalesce((SELECT min(position) FROM event), position + 1))
        RETURNING oldest"""
    oldest = int((connection.execute(query).fetchone() or (1,))[0])
    connection.execute("DELETE FROM removal WHERE upper(positions) <= %s", [oldest])
    connection.execute("DELETE FROM thinned WHERE position < %s", [oldest])
    return oldest
