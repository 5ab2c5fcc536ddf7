"""When producers last sent events: by source, and by board on which agents are at work.

Events of people and of the system itself say nothing about whether a producer still sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from marcus_events.core.reserved import SYSTEM, USER
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT

REACH = 10_000  # positions looked through for sources, back from the head
BOARD_REACH = 200  # a board's newest events that are looked through for one of a producer
HEARD_REACH = 1_000  # the newest events of the log that are looked through for any of a producer
MAX_POSITION = 2**63 - 1
MAX_SOURCES = 20
MAX_BOARDS = 50  # those whose agents began last
OF_PRODUCERS = f"NOT starts_with(source, '{USER}') AND NOT starts_with(source, '{SYSTEM}')"
ON_BOARDS = "(%(boards)s::text[] IS NULL OR board_id = ANY(%(boards)s::text[]))"

SOURCES = f"""SELECT source, count(*), max({HAPPENED_AT}) FROM event
    WHERE position > (SELECT position FROM log_head WHERE id = 1) - %(reach)s AND {OF_PRODUCERS} AND {ON_BOARDS}
    GROUP BY source ORDER BY max(position) DESC LIMIT %(limit)s"""
# A board's newest events are read through the index of its events: written as a comparison of rows, so that no plan
# walks the whole log for a board that has been silent for long.
AT_WORK = f"""SELECT board_id, name, agents, blocked, (
        SELECT happened_at FROM (
            SELECT source, {HAPPENED_AT} AS happened_at FROM event
            WHERE board_id IS NOT NULL AND (board_id, position) >= (at_work.board_id, 0)
                AND (board_id, position) <= (at_work.board_id, {MAX_POSITION})
            ORDER BY board_id DESC, position DESC LIMIT {BOARD_REACH}
        ) AS recent WHERE {OF_PRODUCERS} LIMIT 1
    ) FROM (
        SELECT a.board_id, b.name, count(*) FILTER (WHERE a.status = 'working') AS agents,
            count(*) FILTER (WHERE a.status = 'blocked') AS blocked
        FROM agent AS a
        JOIN board AS b ON b.board_id = a.board_id AND b.to_position IS NULL
        WHERE a.to_position IS NULL AND a.status IN ('working', 'blocked')
            AND {ON_BOARDS.replace("board_id", "a.board_id")}
        GROUP BY 1, 2 ORDER BY max(a.status_since) DESC, 1 LIMIT %(limit)s
    ) AS at_work"""
HEARD = f"""SELECT EXISTS (
    SELECT FROM (
        SELECT source, board_id, {HAPPENED_AT} AS happened_at FROM event ORDER BY position DESC LIMIT {HEARD_REACH}
    ) AS recent WHERE happened_at > %(since)s AND {OF_PRODUCERS} AND {ON_BOARDS}
)"""


@dataclass(frozen=True)
class SourceActivity:
    """`events` counts those among the newest REACH events of the log."""

    source: str
    events: int
    last_at: datetime


@dataclass(frozen=True)
class BoardAtWork:
    """A board with the numbers of its agents that work or are blocked, and its last event of a producer; None if many
    others followed it.
    """

    board_id: str
    name: str
    agents: int
    blocked: int
    last_at: datetime | None


def sources(boards: Sequence[str] | None, connection: Connection = None) -> list[SourceActivity]:
    """Return the sources of recent events on these boards (None: all), the most recent first."""
    values = {"boards": boards, "reach": REACH, "limit": MAX_SOURCES}
    return [SourceActivity(*row) for row in rows(SOURCES, values, connection)]


def boards_at_work(boards: Sequence[str] | None, connection: Connection = None) -> list[BoardAtWork]:
    """Return those of these boards (None: all) that have agents that work or are blocked."""
    return [BoardAtWork(*row) for row in rows(AT_WORK, {"boards": boards, "limit": MAX_BOARDS}, connection)]


def is_heard_of(boards: Sequence[str] | None, since: datetime, connection: Connection = None) -> bool:
    """Return whether one of the newest events is a producer's on these boards (None: any or none) after a time."""
    [(found,)] = rows(HEARD, {"boards": boards, "since": since}, connection)
    return bool(found)
