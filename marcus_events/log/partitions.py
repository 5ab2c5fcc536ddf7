"""The log is divided by position into tables of SIZE positions each, so that old ones can be dropped at once.

Whoever appends makes the next one long before it is needed. No worker has to run for that, and nothing that is at work
on the log is locked out meanwhile: a table is made on its own and attached, which waits for no reader and no writer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import errors, sql

from marcus_events.log.connect import connect
from marcus_events.log.rows import rows

SIZE = 1_000_000  # positions: a gigabyte or so
AHEAD = SIZE // 4  # positions before the end at which the next one is made: at full speed, ten seconds and more

Connection = psycopg.Connection[Any]
Result = TypeVar("Result")

PARTITIONS = r"""
SELECT c.relname, coalesce((bounds[1])::bigint, 0), (bounds[2])::bigint
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid,
     regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \('?(\d+|MINVALUE)'?\) TO \('?(\d+)'?\)$$) AS found,
     LATERAL (SELECT ARRAY[nullif(found[1], 'MINVALUE'), found[2]]) AS read(bounds)
WHERE i.inhparent = 'event'::regclass AND NOT i.inhdetachpending AND bounds[2] IS NOT NULL ORDER BY 3
"""  # without bounds is one that has been dropped since the statement began


@dataclass(frozen=True)
class Partition:
    """The positions from `first` on, and before `until`."""

    table: str
    first: int
    until: int


def partitions(connection: Connection) -> list[Partition]:
    """In order of position."""
    return [Partition(*row) for row in connection.execute(PARTITIONS.encode())]


def reach(connection: Connection) -> int:
    """The position before which there is room."""
    found = partitions(connection)
    return found[-1].until if found else 0


def average_event_bytes() -> float:
    """What an event takes on the disk with its indexes, by the statistics of the partitions."""
    query = """SELECT coalesce(sum(pg_total_relation_size(c.oid)) / nullif(sum(greatest(c.reltuples, 0)), 0), 0)
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'event'::regclass AND c.reltuples > 0"""
    return float(rows(query)[0][0])


def with_room(work: Callable[[], Result]) -> Result:
    """Run a transaction that appends. Where the log has no partition for its events, make one and run it again.

    Every caller of `append` goes through this: nobody else may have made room ahead.
    """
    try:
        return work()
    except errors.CheckViolation:
        with connect("partitions", autocommit=True) as own:
            [[position]] = own.execute("SELECT position FROM log_head WHERE id = 1").fetchall()
            make_room(own, position)
        return work()


def make_room(connection: Connection, position: int, wait_s: float = 20) -> int:
    """Make partitions until there is room beyond a position, and AHEAD of it; the position before which there is.

    On a connection in autocommit. Another process may do the same at the same time. Raises LockNotAvailable where one
    that takes a partition away keeps us waiting.
    """
    while (until := reach(connection)) <= position + AHEAD:
        with suppress(errors.DuplicateTable, errors.DuplicateObject, errors.UniqueViolation):  # others were quicker
            make(connection, until, wait_s)
    return until


def make(connection: Connection, first: int, wait_s: float) -> None:
    """A table of its own first: to make a partition in one statement locks the whole log."""
    table, log = sql.Identifier(f"event_{first}"), sql.Identifier("event")
    bounds = {"first": sql.Literal(first), "until": sql.Literal(first + SIZE), "table": table, "log": log}
    with connection.transaction():
        connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{round(wait_s * 1000)}ms"])
        connection.execute(sql.SQL("CREATE TABLE {table} (LIKE {log} INCLUDING DEFAULTS)").format(**bounds))
        attach = "ALTER TABLE {log} ATTACH PARTITION {table} FOR VALUES FROM ({first}) TO ({until})"
        connection.execute(sql.SQL(attach).format(**bounds))
