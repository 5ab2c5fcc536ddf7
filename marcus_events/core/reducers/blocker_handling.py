"""What people do about a blocker, and what becomes of their answer. Each is an event, and names the blocker's own.

1. It can be acknowledged, assigned to somebody, and put off until a time; the last of each counts.
2. An answer waits until it is due, so that it can be taken back. While one waits, another one changes nothing.
3. `blocker_resolved` by that person with that answer ends the blocker: the answer is sent. Where the blocker ends in
   any other way, or the answer cannot be sent, the answer is undelivered.
4. Somebody awaits an answer until a time, at most AWAITED_AT_MOST away; the answer is seen when it has been handed
   over, and has helped when the task goes on.
5. An act of a person counts from that person's source alone, whatever `by` says; what a waiting program or the system
   does, from theirs. Only the system can publish under such sources.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers.blockers import named_blocker, without_answer
from marcus_events.core.reducers.field_readers import moment, text
from marcus_events.core.reserved import PROGRAM, SYSTEM, person_in
from marcus_events.core.state import BlockerState, State

MAX_AWAITED = timedelta(hours=1)  # a program that goes on waiting says so again


def blocker_acknowledged(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if blocker := blocker_for_person(state, recorded, board_id):
        state.put(replace(blocker, acknowledged_by=person_in(recorded.source)))


def blocker_assigned(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if blocker := blocker_for_person(state, recorded, board_id):
        state.put(replace(blocker, assignee=text(recorded, "assignee")))


def blocker_snoozed(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """No time, or one that has passed, brings it back."""
    if blocker := blocker_for_person(state, recorded, board_id):
        state.put(replace(blocker, snoozed_until=moment(recorded, "until")))


def blocker_answered(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Rule 2."""
    blocker, answer = blocker_for_person(state, recorded, board_id), text(recorded, "answer")
    if blocker and answer and not blocker.answer_id:
        due = moment(recorded, "due") or recorded.happened_at
        by, answer_id = person_in(recorded.source), recorded.event.event_id
        given = replace(blocker, answer=answer, answered_by=by, answer_id=answer_id, answer_due=due)
        state.put(replace(given, undelivered=""))


def answer_withdrawn(state: State, recorded: RecordedEvent, board_id: str) -> None:
    blocker = blocker_for_person(state, recorded, board_id)
    if blocker and blocker.answer_id and blocker.answer_id == text(recorded, "answer_id"):
        state.put(replace(blocker, answer="", answered_by="", answer_id="", answer_due=None))


def answer_failed(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Rule 3. It can be answered anew."""
    blocker = open_blocker(state, recorded, board_id) if recorded.source.startswith(SYSTEM) else None
    if blocker and blocker.answer_id == text(recorded, "answer_id"):
        state.put(without_answer(blocker, text(recorded, "reason") or "no reason is known"))


def answer_awaited(state: State, recorded: RecordedEvent, board_id: str) -> None:
    until = moment(recorded, "until")
    blocker = open_blocker(state, recorded, board_id) if recorded.source.startswith(PROGRAM) else None
    if blocker:
        longest = recorded.happened_at + MAX_AWAITED
        state.put(replace(blocker, awaited_until=min(until, longest) if until else None))


def answer_seen(state: State, recorded: RecordedEvent, board_id: str) -> None:
    blocker = named_blocker(state, recorded, board_id) if recorded.source.startswith(PROGRAM) else None
    if blocker and blocker.resolved_at and blocker.seen_at is None:
        state.put(replace(blocker, seen_at=max(recorded.happened_at, blocker.resolved_at)))


def mark_resumed(state: State, recorded: RecordedEvent, board_id: str, task_id: str) -> None:
    """Rule 4: the task moves on for the first time since its answers were sent."""
    for blocker in state.blockers_of(board_id, task_id):
        if blocker.answer_id and blocker.resolved_at is not None and blocker.resumed_at is None:
            resumed_at = max(recorded.happened_at, blocker.resolved_at)
            state.put(replace(blocker, resumed_at=resumed_at))


def blocker_for_person(state: State, recorded: RecordedEvent, board_id: str) -> BlockerState | None:
    """The open blocker that a person acts on; None where it is no person. Rule 5."""
    return open_blocker(state, recorded, board_id) if person_in(recorded.source) else None


def open_blocker(state: State, recorded: RecordedEvent, board_id: str) -> BlockerState | None:
    blocker = named_blocker(state, recorded, board_id)
    return blocker if blocker and blocker.resolved_at is None else None
