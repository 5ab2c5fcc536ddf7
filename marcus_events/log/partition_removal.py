"""Drops whole partitions of the log without locking out readers and writers."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from marcus_events.log.partitions import Connection, Partition
from marcus_events.log.rows import rows
from marcus_events.log.sql_filter import Condition


def holds_any(connection: Connection, partition: Partition, conditions: Sequence[Condition]) -> bool:
    """Whether it has an event that none of the conditions covers."""
    covered = " OR ".join(f"({text})" for text, _ in conditions) or "false"
    query = f"SELECT EXISTS (SELECT FROM {partition.table} WHERE ({covered}) IS NOT TRUE)"
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
