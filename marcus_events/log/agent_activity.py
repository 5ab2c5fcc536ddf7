"""When an agent last did anything, and when it last came further: from the newest of its events.

An agent that answers is alive; only one whose task moves is getting on. What others do to an agent (it is given a
task, its blocker is resolved) is neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marcus_events.core.event import CLOCK_TOLERANCE
from marcus_events.core.event_types import EventTypes as T
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT

PROGRESS = [T.TASK_STARTED, T.TASK_PROGRESS, T.TASK_COMPLETED]
DONE_TO_IT = [
    *(T.TASK_CREATED, T.TASK_ASSIGNED, T.BLOCKER_RESOLVED, T.BLOCKER_SUGGESTION, T.BLOCKER_UPDATED),
    *(T.AGENT_LEARNED, T.PREDICTION_MADE),
]
REACH = 1_000  # of an agent's events: an agent that chatters without getting on is not looked through to its beginning


@dataclass(frozen=True)
class Signs:
    """As `Recorded.happened_at` has it; None where there is none."""

    life: datetime | None
    progress: datetime | None
    clock_ahead: timedelta | None = None  # with its last sign of life; None within the tolerance


def newest(found: str, event_types: str) -> str:
    """Something of the newest event of an agent whose type is such. An event may name no board.

    From the newest event of its board backwards through the agent's own: written as a comparison of rows, so that no
    plan walks the whole log for an agent that has been silent for long.
    """
    return f"""(SELECT found FROM (
            SELECT {found} AS found, event_type FROM event
            WHERE agent_id IS NOT NULL AND (agent_id, position) > (asked.agent_id, asked.after)
                AND (agent_id, position) <= (asked.agent_id, asked.newest)
                AND (board_id = asked.board_id OR board_id IS NULL)
            ORDER BY agent_id DESC, position DESC LIMIT {REACH}
        ) AS recent WHERE event_type {event_types} LIMIT 1)"""


SIGNS = f"""SELECT asked.board_id, asked.agent_id,
        {newest(HAPPENED_AT, "<> ALL(%s)")}, {newest(HAPPENED_AT, "= ANY(%s)")},
        {newest("timestamp - recorded_at", "<> ALL(%s)")}
    FROM (
        SELECT *, greatest(
            (SELECT max(position) FROM event WHERE board_id = named.board_id),
            (SELECT max(position) FROM event WHERE board_id IS NULL AND agent_id = named.agent_id)
        ) AS newest
        FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS named(board_id, agent_id, after)
    ) AS asked"""

ROSTER = f"""SELECT board_id, agent_id, name, status, status_since, board_name,
        CASE WHEN status <> 'blocked' AND status_since < %(quiet_since)s
            THEN {newest(HAPPENED_AT, "<> ALL(%(done_to_it)s)")} END,
        total
    FROM (
        SELECT *, greatest(
            (SELECT max(position) FROM event WHERE board_id = listed.board_id),
            (SELECT max(position) FROM event WHERE board_id IS NULL AND agent_id = listed.agent_id)
        ) AS newest,
            coalesce((SELECT max(position) FROM board_removal AS r WHERE r.board_id = listed.board_id), 0) AS after
        FROM (
            SELECT a.board_id, agent_id, a.name, status, status_since, coalesce(b.name, '') AS board_name,
                count(*) OVER () AS total
            FROM agent AS a LEFT JOIN board AS b ON b.board_id = a.board_id AND b.to_position IS NULL
            WHERE a.to_position IS NULL AND (%(boards)s::text[] IS NULL OR a.board_id = ANY(%(boards)s::text[]))
                AND %(agent)s::text IN ('', agent_id)
            ORDER BY array_position(%(first)s::text[], status), status_since DESC, a.board_id, agent_id
            LIMIT %(limit)s
        ) AS listed
    ) AS asked"""


@dataclass(frozen=True)
class ListedAgent:
    """`life` is the last sign of life; it is only looked for if the status is older than a given time."""

    board_id: str
    agent_id: str
    name: str
    status: str
    status_since: datetime
    board_name: str
    life: datetime | None


def roster(
    boards: Sequence[str] | None,
    agent_id: str,
    *,
    first: Sequence[str],
    quiet_since: datetime,
    limit: int,
    connection: Connection = None,
) -> tuple[list[ListedAgent], int]:
    """Return the agents of these boards, or the named one, and their number. If there are more than `limit`, those
    with one of the statuses `first` are listed.
    """
    values = {"boards": boards, "agent": agent_id, "first": list(first), "quiet_since": quiet_since, "limit": limit}
    found = rows(ROSTER, values | {"done_to_it": DONE_TO_IT}, connection)
    return [ListedAgent(*row[:-1]) for row in found], found[0][-1] if found else 0


def signs(
    agents: Sequence[tuple[str, str]], removed: dict[str, int], connection: Connection = None
) -> dict[tuple[str, str], Signs]:
    """(board, agent) → its signs, from events after its board was last removed."""
    boards, ids = [board_id for board_id, _ in agents], [agent_id for _, agent_id in agents]
    after = [removed.get(board_id, 0) for board_id in boards]
    found = rows(SIGNS, [DONE_TO_IT, PROGRESS, DONE_TO_IT, boards, ids, after], connection)
    return {
        (board_id, agent_id): Signs(life, progress, ahead if ahead and ahead > CLOCK_TOLERANCE else None)
        for board_id, agent_id, life, progress, ahead in found
    }
