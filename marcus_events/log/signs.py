"""When an agent last did anything, and when it last came further: from the newest of its events.

An agent that answers is alive; only one whose task moves is getting on. What others do to an agent (it is given a
task, its blocker is resolved) is neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from marcus_events.core.vocabulary import EventTypes as T
from marcus_events.log.read import Connection, rows

PROGRESS = [T.TASK_STARTED, T.TASK_PROGRESS, T.TASK_COMPLETED]
DONE_TO_IT = [
    *(T.TASK_CREATED, T.TASK_ASSIGNED, T.BLOCKER_RESOLVED, T.BLOCKER_SUGGESTION, T.BLOCKER_UPDATED),
    *(T.AGENT_LEARNED, T.PREDICTION_MADE),
]
REACH = 1_000  # of an agent's events: an agent that chatters without getting on is not looked through to its beginning


@dataclass(frozen=True)
class Signs:
    """By the producers' clocks; None where there is none."""

    life: datetime | None
    progress: datetime | None


def newest(event_types: str) -> str:
    """The time of the newest event of an agent whose type is such. An event may name no board."""
    return f"""(SELECT timestamp FROM (
            SELECT timestamp, event_type FROM event
            WHERE agent_id = asked.agent_id AND position > asked.after
                AND (board_id = asked.board_id OR board_id IS NULL)
            ORDER BY position DESC LIMIT {REACH}
        ) AS recent WHERE event_type {event_types} LIMIT 1)"""


SIGNS = f"""SELECT asked.board_id, asked.agent_id, {newest("<> ALL(%s)")}, {newest("= ANY(%s)")}
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS asked(board_id, agent_id, after)"""


def signs(
    agents: Sequence[tuple[str, str]], removed: dict[str, int], connection: Connection = None
) -> dict[tuple[str, str], Signs]:
    """(board, agent) → its signs, from events after its board was last removed."""
    boards, ids = [board_id for board_id, _ in agents], [agent_id for _, agent_id in agents]
    after = [removed.get(board_id, 0) for board_id in boards]
    found = rows(SIGNS, [DONE_TO_IT, PROGRESS, boards, ids, after], connection)
    return {(board_id, agent_id): Signs(life, progress) for board_id, agent_id, life, progress in found}
