"""What people do about a blocker, and what becomes of their answer. Each is an event, and names the blocker's own.

1. It can be acknowledged, assigned to somebody, and put off until a time; the last of each counts.
2. An answer waits until it is due, so that it can be taken back. While one waits, another one changes nothing.
3. `blocker_resolved` ends the blocker: the answer is sent.
4. Somebody awaits an answer until a time; the answer is seen when it has been handed over, and has helped when the task
   goes on.
"""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core.event import Recorded
from marcus_events.core.fold.blockers import named_blocker
from marcus_events.core.fold.fields import moment, text
from marcus_events.core.state import Blocker, State


def blocker_acknowledged(state: State, recorded: Recorded, board_id: str) -> None:
    if blocker := open_blocker(state, recorded, board_id):
        state.put(replace(blocker, acknowledged_by=text(recorded, "by")))


def blocker_assigned(state: State, recorded: Recorded, board_id: str) -> None:
    if blocker := open_blocker(state, recorded, board_id):
        state.put(replace(blocker, assignee=text(recorded, "assignee")))


def blocker_snoozed(state: State, recorded: Recorded, board_id: str) -> None:
    """No time, or one that has passed, brings it back."""
    if blocker := open_blocker(state, recorded, board_id):
        state.put(replace(blocker, snoozed_until=moment(recorded, "until")))


def blocker_answered(state: State, recorded: Recorded, board_id: str) -> None:
    """Rule 2."""
    blocker, answer = open_blocker(state, recorded, board_id), text(recorded, "answer")
    if blocker and answer and not blocker.answer_id:
        due = moment(recorded, "due") or recorded.timestamp
        by, answer_id = text(recorded, "by"), recorded.event.event_id
        state.put(replace(blocker, answer=answer, answered_by=by, answer_id=answer_id, answer_due=due))


def answer_withdrawn(state: State, recorded: Recorded, board_id: str) -> None:
    blocker = open_blocker(state, recorded, board_id)
    if blocker and blocker.answer_id == text(recorded, "answer_id"):
        state.put(replace(blocker, answer="", answered_by="", answer_id="", answer_due=None))


def answer_awaited(state: State, recorded: Recorded, board_id: str) -> None:
    if blocker := open_blocker(state, recorded, board_id):
        state.put(replace(blocker, awaited_until=moment(recorded, "until")))


def answer_seen(state: State, recorded: Recorded, board_id: str) -> None:
    blocker = named_blocker(state, recorded, board_id)
    if blocker and blocker.resolved_at and blocker.seen_at is None:
        state.put(replace(blocker, seen_at=recorded.timestamp))


def gone_on(state: State, recorded: Recorded, board_id: str, task_id: str) -> None:
    """Rule 4: the task moves on for the first time since its answers were sent."""
    for blocker in state.blockers_of(board_id, task_id):
        is_next = blocker.resolved_at is not None and recorded.timestamp >= blocker.resolved_at
        if blocker.answer_id and blocker.resumed_at is None and is_next:
            state.put(replace(blocker, resumed_at=recorded.timestamp))


def open_blocker(state: State, recorded: Recorded, board_id: str) -> Blocker | None:
    blocker = named_blocker(state, recorded, board_id)
    return blocker if blocker and blocker.resolved_at is None else None
