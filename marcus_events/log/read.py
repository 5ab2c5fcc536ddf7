"""Read the log: by position, in both directions, through a filter.

Every function takes a connection of psycopg's own, or uses Django's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.log.rows import COLUMNS, Connection, prepared_rows, recorded, rows
from marcus_events.log.sql_filter import Condition, chosen

STORED_SIZE = "pg_column_size(data) + pg_column_size(metadata)"  # on disk, and compressed
TEXT_SIZE = "octet_length(data) + octet_length(metadata)"  # of texts
MOST_BYTES = 4 * 1024 * 1024  # of text in one page: some sixteen of the largest events, thousands of ordinary ones


@dataclass(frozen=True)
class EventPage:
    """Some events in order of position, and whether more match after the last one."""

    events: list[RecordedEvent]
    has_more: bool


@dataclass(frozen=True)
class Head:
    """The newest position, when it was recorded, the oldest one kept, and what tells this log from another.

    `last_redaction` is the position of the newest record of a redaction, or 0: what was made of the log before it may
    show what is gone.
    """

    position: int
    recorded_at: datetime
    oldest: int
    epoch: UUID
    last_redaction: int


HEAD = """SELECT position, recorded_at, oldest, epoch, (SELECT coalesce(max(record), 0) FROM redaction)
    FROM log_head WHERE id = 1"""


def head(connection: Connection = None) -> Head:
    return Head(*rows(HEAD, [], connection)[0])


def head_position() -> tuple[int, UUID]:
    """The newest position and the epoch, for what looks at them many times a second."""
    return prepared_rows("SELECT position, epoch FROM log_head WHERE id = 1")[0]


def kept_since(connection: Connection = None) -> datetime | None:
    """When the oldest event that is kept was recorded; None where nothing was ever removed before it."""
    oldest = rows("SELECT oldest FROM log_head WHERE id = 1", [], connection)
    if not oldest or oldest[0][0] <= 1:
        return None
    query = "SELECT recorded_at FROM event WHERE position >= %s ORDER BY position LIMIT 1"
    found = rows(query, [oldest[0][0]], connection)
    return found[0][0] if found else None


def projected(projection: str, connection: Connection = None) -> int:
    """The position up to which a projection has come."""
    found = rows("SELECT position FROM checkpoint WHERE projection = %s", [projection], connection)
    return found[0][0] if found else 0


def projected_and_head(projection: str) -> tuple[int, int]:
    """The position up to which a projection has come of this log, and no other, and the log's newest position."""
    query = """SELECT coalesce(checkpoint.position, 0), log_head.position FROM log_head
        LEFT JOIN checkpoint ON checkpoint.epoch = log_head.epoch AND projection = %s"""
    [(position, newest)] = rows(query, [projection])
    return position, newest


def following(
    position: int, limit: int, connection: Connection = None, *, max_bytes: int | None = None
) -> list[RecordedEvent]:
    """The next events after a position, in order; see `page` for `max_bytes`."""
    if max_bytes is not None:
        return page(EventFilter(), after=position, limit=limit, max_bytes=max_bytes, connection=connection).events
    query = f"SELECT {COLUMNS} FROM event WHERE position > %s ORDER BY position LIMIT %s"
    return [recorded(row) for row in rows(query, [position, limit], connection)]


# With the epoch of the same moment, also where there are no events.
FOLLOWING_WITH_EPOCH = f"""
SELECT epoch, found.* FROM log_head
LEFT JOIN (SELECT {COLUMNS} FROM event WHERE position > %s ORDER BY position LIMIT %s) AS found ON true
WHERE id = 1 ORDER BY found.position
"""


def following_with_epoch(position: int, limit: int, connection: Connection = None) -> tuple[UUID, list[RecordedEvent]]:
    """The epoch of the log, and the next events after a position, in order."""
    found = rows(FOLLOWING_WITH_EPOCH, [position, limit], connection)
    return found[0][0], [recorded(row[1:]) for row in found if row[1] is not None]


def event(position: int, connection: Connection = None) -> RecordedEvent | None:
    found = rows(f"SELECT {COLUMNS} FROM event WHERE position = %s", [position], connection)
    return recorded(found[0]) if found else None


def events(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    newest_first: bool = True,
    hide_removed: bool = False,
    connection: Connection = None,
) -> list[RecordedEvent]:
    """Events that match, between two positions (both exclusive), by position.

    `hide_removed` leaves out the events of boards up to the removal of each.
    """
    condition, values = chosen(wanted, after, before, hide_removed=hide_removed)
    order = "DESC" if newest_first else "ASC"
    query = f"SELECT {COLUMNS} FROM event WHERE {condition} ORDER BY position {order} LIMIT %s"
    return [recorded(row) for row in rows(query, [*values, limit], connection)]


def page(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int,
    max_bytes: int = MOST_BYTES,
    newest_first: bool = False,
    hide_removed: bool = False,
    connection: Connection = None,
) -> EventPage:
    """Like `events`, but no more than fit into `max_bytes`, and the one that exceeds it: a page is never empty.

    A number of events alone would not bound the memory, since events may be large: see `page_where`.
    """
    found = chosen(wanted, after, before, hide_removed=hide_removed)
    return page_where(found, limit, max_bytes, newest_first, connection)


def page_at(
    positions: Sequence[int], *, limit: int, max_bytes: int = MOST_BYTES, newest_first: bool = False
) -> EventPage:
    """A page of the events at these positions."""
    return page_where(("position = ANY(%s)", [list(positions)]), limit, max_bytes, newest_first)


def positions_about(
    things: Sequence[tuple[str, str]], after: int, until: int, limit: int, connection: Connection = None
) -> list[int]:
    """The positions after one and up to another, in order, of the events that are about any of these things: each is a
    column (`board_id`, `task_id`, `agent_id`) and an id.
    """
    one = "(SELECT position FROM event WHERE {} = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s)"
    union = " UNION ".join(one.format(column) for column, _ in things)
    values = [value for _, name in things for value in (name, after, until, limit)]
    found = rows(f"SELECT position FROM ({union}) AS found ORDER BY position LIMIT %s", [*values, limit], connection)
    return [position for (position,) in found]


# The running sums of a page; `candidates` is one event longer than the page, which tells whether more events match.
PAGE = f"""
WITH candidates AS (
    SELECT * FROM event WHERE {{condition}} ORDER BY {{order}} LIMIT %s
), with_stored_sum AS (
    SELECT *, sum({STORED_SIZE}) OVER earlier AS stored_before, lead(position) OVER earlier IS NOT NULL AS has_next
    FROM candidates {{window}}
), as_text AS (
    SELECT {COLUMNS}, has_next FROM with_stored_sum WHERE coalesce(stored_before, 0) < %s ORDER BY {{order}}
), with_text_sum AS (
    SELECT *, sum({TEXT_SIZE}) OVER earlier AS text_before FROM as_text {{window}}
)
SELECT {COLUMNS}, has_next FROM with_text_sum WHERE coalesce(text_before, 0) < %s ORDER BY {{order}} LIMIT %s
"""  # with an order of its own, `as_text` is not merged into the next step: each text is made once


def page_where(
    condition: Condition, limit: int, max_bytes: int, newest_first: bool, connection: Connection = None
) -> EventPage:
    """The first events that fulfil a condition: at most `limit`, up to the one with which they exceed `max_bytes`.

    An event is on the page when those before it are smaller than `max_bytes` together. The stored size is compared
    first, since it is known without reading the event; the text may be many times as large once it is decompressed.
    With `max_bytes` 100, newest first, and events that each take 40 bytes stored and 60 as text:

        position   stored_before   text_before
        9          -               -              on the page
        8          40              60             on the page, which now has 120 bytes
        7          80              120            not on the page
        6          120             not computed   not on the page
    """
    sql, values = condition
    order = f"position {'DESC' if newest_first else 'ASC'}"
    window = f"WINDOW earlier AS (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    query = PAGE.format(condition=sql, order=order, window=window)
    found = rows(query, [*values, limit + 1, max_bytes, max_bytes, limit], connection)
    return EventPage([recorded(row[:-1]) for row in found], has_more=bool(found) and found[-1][-1])


STEADY = 256  # events


def recent_boards(number: int, connection: Connection = None) -> list[str]:
    """The boards of the newest events, the newest first. They stay the same until STEADY more have come."""
    last = head(connection).position // STEADY * STEADY
    query = """SELECT board_id FROM event WHERE position > %s AND position <= %s AND board_id IS NOT NULL
        GROUP BY board_id ORDER BY max(position) DESC"""
    return [board_id for (board_id,) in rows(query, [last - number, last], connection)]
