"""Publishes changes of Marcus's board that no act explains, each once.

1. `Standing` is a task's state folded from the follower's own events. Decisions made here are not part of it: Marcus's
   board does not know of them.
2. A card that differs in status, assignee or name for longer than SETTLE_S becomes an event. The records of an act that
   explains it are written within that time. The time ends where the scan began: what is written later, while the scan
   publishes or waits for the database, is read by the next one.
3. The event id covers the card's state and the last event before it. So a second reading, a restart or another follower
   adds nothing, while every change back and forth is published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.core.reducers import fold
from marcus_events.core.state import State
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.cards import Cards, MarcusCard

BOARD = "kanban_board"  # the source of events from the board alone
SETTLE_S = 3.0  # Marcus writes a card and the records of the act within a second
BATCH_SIZE = 100  # tasks per history query
CREATED_TOGETHER = timedelta(seconds=1)
SAME_STATUS = {"assigned": "in_progress"}  # Marcus's board does not distinguish them

EVENT_TYPES = {"done": T.TASK_COMPLETED, "blocked": T.TASK_BLOCKED}
History = Sequence[RecordedEvent]
HistoryOf = Callable[[Sequence[str]], History]
CompletedAt = Callable[[str], datetime | None]


@dataclass(frozen=True)
class Standing:
    """A task's state from the follower's events. `last` is the newest of them; None if there are none."""

    status: str
    assignee: str
    name: str
    last: RecordedEvent | None = None

    def agrees(self, card: MarcusCard) -> bool:
        """Return whether the card says the same. A redacted name or assignee agrees with any."""
        return (
            (not card.status or self.status == card.status)
            and self.assignee in (card.assignee, REDACTED)
            and (not card.name or self.name in (card.name, REDACTED))
        )

    def is_published(self, card: MarcusCard) -> bool:
        """Return whether the newest event already reports this card, so that publishing it again would not help."""
        return self.last is not None and self.last.data.get("card") == card_state(card)


def standing_of(card: MarcusCard, board_id: str, history: Iterable[RecordedEvent]) -> Standing | None:
    """Return the task's standing; None if the log does not know the task."""
    state, last = State(), None
    for recorded in history:
        if recorded.task_id == card.task_id and recorded.board_id in (board_id, None):
            fold(state, recorded)
            last = recorded
    task = state.task(board_id, card.task_id)
    if task is None:
        return None
    return Standing(SAME_STATUS.get(task.status, task.status), task.agent_id, task.name, last)


def card_state(card: MarcusCard) -> str:
    """Return the card's state as text, equal for equal states."""
    changed_at = card.changed_at.isoformat() if card.changed_at else ""
    return json.dumps([card.status, card.assignee, card.name, changed_at])


class Reconciler:
    """Compares cards with the log. Remembers compared cards, and since when others differ."""

    def __init__(self, boards: Boards, history_of: HistoryOf, completed_at: CompletedAt) -> None:
        self.boards, self.history_of, self.completed_at = boards, history_of, completed_at
        self._compared: Cards = {}
        self._differing: dict[str, datetime] = {}  # begin of the scan that first saw the difference

    def events(
        self, cards: Cards, touched: set[str], waiting: set[str], begun_at: datetime, *, is_last: bool = False
    ) -> Iterator[list[Event]]:
        """Yield batches of events for changes that no act explains.

        `touched` are tasks with new events. `waiting` are tasks with a request that Marcus has not answered: its reply
        may explain the card. The scan began at `begun_at`. The last one (`is_last`) does not wait for acts that could
        still explain a change.
        """
        due = [
            card
            for task_id, card in cards.items()
            if task_id not in waiting
            and (task_id in touched or task_id in self._differing or self._compared.get(task_id) != card)
        ]
        for start in range(0, len(due), BATCH_SIZE):
            batch = due[start : start + BATCH_SIZE]
            if events := self._compare(batch, cards, begun_at, is_last=is_last):
                yield events
            self._compared |= {card.task_id: card for card in batch}
        self._differing = {task_id: since for task_id, since in self._differing.items() if task_id in cards}

    def _compare(self, batch: list[MarcusCard], cards: Cards, begun_at: datetime, *, is_last: bool) -> list[Event]:
        by_task: dict[str, list[RecordedEvent]] = {card.task_id: [] for card in batch}
        for recorded in self.history_of([card.task_id for card in batch]):
            by_task[recorded.task_id or ""].append(recorded)
        found = []
        for card in batch:
            standing = standing_of(card, self.board_id_of(card), by_task[card.task_id])
            if standing is None or standing.agrees(card) or standing.is_published(card) or awaits_reply(card, standing):
                self._differing.pop(card.task_id, None)
            elif is_last or self._is_settled(card, standing, begun_at):
                found.append(self._event(card, standing, cards))
        return found

    def board_id_of(self, card: MarcusCard) -> str:
        board = self.boards.of({"project_id": card.project_id, "task_id": card.task_id})
        return board.board_id if board else ""

    def _is_settled(self, card: MarcusCard, standing: Standing, begun_at: datetime) -> bool:
        """Return whether the difference was old enough when the scan began, by its recorded times or by our own
        observation.
        """
        since = min(self._differing.get(card.task_id, begun_at), begun_at)  # the clock may be set back
        self._differing[card.task_id] = since
        times = [moment for moment in (card.changed_at, standing.last and standing.last.recorded_at) if moment]
        moments = [since, max(times)] if times else [since]
        return begun_at - min(moments) >= timedelta(seconds=SETTLE_S)

    def _event(self, card: MarcusCard, standing: Standing, cards: Cards) -> Event:
        is_moved = bool(card.status) and card.status != standing.status
        event_type = EVENT_TYPES.get(card.status, T.TASK_UPDATED) if is_moved else T.TASK_UPDATED
        reason = reason_for(card, standing, cards)
        data: dict[str, Any] = {"task_id": card.task_id, "task_name": card.name, "known_from": "board"}
        data |= {"status": card.stated, "assigned_to": card.assignee, "reason": reason, "card": card_state(card)}
        if event_type == T.TASK_UPDATED and not is_moved:
            del data["status"]
        if event_type == T.TASK_BLOCKED:
            data["description"] = blocker_description(card) or reason[:1].upper() + reason[1:]
        board = self.boards.of({"project_id": card.project_id, "task_id": card.task_id})
        event_id = card_event_id(card, board.board_id if board else "", standing)
        named = {"board_id": board.board_id, "board_name": board.name} if board else {}
        metadata = named | {"act": event_id.rpartition("_")[2][:16]}
        return Event(event_id, self._time_of(card), event_type, BOARD, data, metadata)

    def _time_of(self, card: MarcusCard) -> datetime:
        done_at = card.completed_at or self.completed_at(card.task_id) if card.status == "done" else None
        return done_at or card.changed_at or utc_now()


def awaits_reply(card: MarcusCard, standing: Standing) -> bool:
    """Whether an agent is blocked on a subtask: Marcus accepts the report, but does not move the subtask."""
    is_same = bool(card.parent_task_id) and standing.assignee in (card.assignee, REDACTED)
    return is_same and (standing.status, card.status) == ("blocked", "in_progress")


def card_event_id(card: MarcusCard, board_id: str, standing: Standing) -> str:
    before = standing.last.event.event_id if standing.last else ""
    text = json.dumps([board_id, card.task_id, card_state(card), before])
    return f"marcus_card_{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:24]}"


def reason_for(card: MarcusCard, standing: Standing, cards: Cards) -> str:
    """Describe how the change came about, as far as the board shows."""
    if not card.status or card.status == standing.status:
        if card.assignee != standing.assignee:
            return f"it was given to {card.assignee}" if card.assignee else f"it was taken from {standing.assignee}"
        return f"it was renamed, before: {standing.name}"
    parts = [other for other in cards.values() if other.parent_task_id == card.task_id] if card.status == "done" else []
    if parts and all(part.status == "done" for part in parts):
        return f"all {len(parts)} subtasks are done" if len(parts) > 1 else "its subtask is done"
    is_new = card.created_at and card.changed_at and card.changed_at - card.created_at < CREATED_TOGETHER
    if is_new:
        return f"it was created as “{readable_status(card.stated)}”"
    return f"moved to “{readable_status(card.stated)}” on Marcus's board"


def blocker_description(card: MarcusCard) -> str:
    """Return the newest blocker that was written to the board when the card was blocked, or ""."""
    reports = [text for text, at in card.blockers if at and card.changed_at and at >= card.changed_at]
    return reports[-1] if reports else ""


def readable_status(status: str) -> str:
    return status.replace("_", " ")
