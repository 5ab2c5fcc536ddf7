"""Corrects the severity of a blocker that was published from the board alone.

Only the agent's report in the conversations states the severity. Marcus's board does not store it: every blocker has
the column's default, `medium`. When the report is read after the blocker was published, a `blocker_updated` event
carries the reported severity.
"""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.records import RecordKind, row_id
from marcus_events.sources.marcus.sightings import Sighting


def severity_update(act: MarcusAct) -> Sighting | None:
    """Return a `blocker_updated` sighting if the agent reported another severity than the board shows."""
    if act.first.act != T.TASK_BLOCKED:
        return None
    board, reported = sighting_of_kind(act, RecordKind.BOARD), sighting_of_kind(act, RecordKind.CONVERSATIONS)
    if not (board and reported) or severity_of(reported) in ("", severity_of(board)):
        return None
    data = {"task_id": board.data.get("task_id"), "severity": severity_of(reported)}
    record_id = row_id(T.BLOCKER_UPDATED, board.record_id, severity_of(reported))
    return reported._replace(record_id=record_id, act=T.BLOCKER_UPDATED, key=(record_id,), unique=True, data=data)


def is_redundant_update(act: MarcusAct) -> bool:
    """Return whether a severity update repeats what the published blocker already says."""
    if act.first.act != T.BLOCKER_UPDATED or not act.cause:
        return False
    board = sighting_of_kind(act.cause, RecordKind.BOARD)
    return board is None or act.cause.event_id != board.record_id


def sighting_of_kind(act: MarcusAct, kind: RecordKind) -> Sighting | None:
    return next((sighting for sighting in act.sightings if sighting.kind is kind), None)


def severity_of(sighting: Sighting) -> str:
    value: Any = sighting.data.get("severity")
    return value.lower() if isinstance(value, str) else ""
