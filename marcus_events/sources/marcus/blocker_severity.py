"""How severe a blocker is, where the board told of it before its agent did.

Severity is the agent's word, in the conversations. Marcus does not keep it: on its board every blocker is `medium`, the
column's default. A blocker is told with the agent's severity. Only where it was told from the board's row alone, and
its report is read later, a `blocker_updated` says what the agent reported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.records import RecordKind, row_id
from marcus_events.sources.marcus.sightings import Sighting


def agent_differs(act: MarcusAct) -> Sighting | None:
    """What the agent says of a blocker, where the board gives it another severity."""
    board, reported = of_kind(act, RecordKind.BOARD), of_kind(act, RecordKind.CONVERSATIONS)
    if act.first.act != T.TASK_BLOCKED or not (board and reported) or severity(reported) in ("", severity(board)):
        return None
    data = {"task_id": board.data.get("task_id"), "severity": severity(reported)}
    record_id = row_id(T.BLOCKER_UPDATED, board.record_id, severity(reported))
    return replace(reported, record_id=record_id, act=T.BLOCKER_UPDATED, key=(record_id,), unique=True, data=data)


def says_nothing_new(act: MarcusAct) -> bool:
    """The agent's severity of a blocker that was told in the agent's words."""
    if act.first.act != T.BLOCKER_UPDATED or not act.cause:
        return False
    board = of_kind(act.cause, RecordKind.BOARD)
    return board is None or act.cause.event_id != board.record_id


def of_kind(act: MarcusAct, kind: RecordKind) -> Sighting | None:
    return next((sighting for sighting in act.sightings if sighting.kind is kind), None)


def severity(sighting: Sighting) -> str:
    value: Any = sighting.data.get("severity")
    return value.lower() if isinstance(value, str) else ""
