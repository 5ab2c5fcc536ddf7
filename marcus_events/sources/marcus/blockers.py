"""What follows from a blocker: Marcus's answer to it, and the severity that the board gives it.

Marcus's answer names no task. It goes to the same agent's latest blocker that has none yet.

Marcus loses the severity that an agent reports: on its board every blocker is `medium`, the column's default.
The board is what people go by, so the blocker is told as reported, and a `blocker_updated` then says what the
board has.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import Any

from marcus_events.core.vocabulary import EventTypes as T
from marcus_events.sources.marcus.acts import Act, Acts
from marcus_events.sources.marcus.records import Kind, row_id
from marcus_events.sources.marcus.sightings import Sighting

UNANSWERED = 20  # blockers of one agent that an answer may still be for


def unanswered() -> dict[str, deque[Act]]:
    return defaultdict(lambda: deque(maxlen=UNANSWERED))


@dataclass
class Blockers:
    """The blockers that wait for an answer, by agent."""

    _unanswered: dict[str, deque[Act]] = field(default_factory=unanswered)

    def note(self, act: Act, sighting: Sighting, acts: Acts) -> None:
        """Take note of a sighting that was just joined to `act`; opens the act that follows from it."""
        agent_id = str(sighting.data.get("agent_id", ""))
        if sighting.act == T.BLOCKER_SUGGESTION and self._unanswered[agent_id]:
            act.cause = self._unanswered[agent_id].pop()
        if sighting.act != T.TASK_BLOCKED:
            return
        if sighting.kind is Kind.CONVERSATIONS:
            self._unanswered[agent_id].append(act)
        update = board_differs(act)
        if update and not acts.holds(update.record_id):
            acts.open(Act([update], cause=act))


def board_differs(act: Act) -> Sighting | None:
    """What the board says of a blocker, where it gives it another severity than the agent did."""
    board = next((sighting for sighting in act.sightings if sighting.kind is Kind.BOARD), None)
    reported = severity(act.preferred)
    if board is None or not reported or severity(board) in ("", reported):
        return None
    data = {"task_id": board.data.get("task_id"), "severity": severity(board), "reported_severity": reported}
    record_id = row_id(T.BLOCKER_UPDATED, board.record_id, severity(board))
    return replace(board, record_id=record_id, act=T.BLOCKER_UPDATED, key=(record_id,), unique=True, data=data)


def severity(sighting: Sighting) -> str:
    value: Any = sighting.data.get("severity")
    return value.lower() if isinstance(value, str) else ""
