"""The actions of people on a blocker, and the delivery of their answers. Each event names the blocker's event.

1. A blocker can be acknowledged, assigned and snoozed; the last event of each kind counts.
2. An answer waits until it is due, and can be withdrawn until then, also by the system when the standing reply that
   gave it is turned off. While one waits, another answer changes nothing.
3. `blocker_resolved` by the same person with the same answer ends the blocker: the answer is sent. If the blocker ends
   otherwise, or the answer cannot be sent, the answer is undelivered.
4. An answer is awaited until a time, at most MAX_AWAITED ahead. It is seen when an agent has received it, and the
   blocker is resumed when the task moves on.
5. The actor is the event's source, whatever `by` says: a person for actions, a program for waiting, the system for
   failures. Only the system can publish under these sources.
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
    """Snooze the blocker; no time, or a past one, ends that."""
    if blocker := blocker_for_person(state, recorded, board_id):
        state.put(replace(blocker, snoozed_until=moment(recorded, "until")))


def blocker_answered(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Store the answer, unless one is waiting (rule 2)."""
    blocker, answer = blocker_for_person(state, recorded, board_id), text(recorded, "answer")
    if blocker and answer and not blocker.answer_id:
        due = moment(recorded, "due") or recorded.happened_at
        by, answer_id = person_in(recorded.source), recorded.event.event_id
        given = replace(blocker, answer=answer, answered_by=by, answer_id=answer_id, answer_due=due)
        state.put(replace(given, undelivered="", standing_reply=text(recorded, "standing_reply")))


def answer_withdrawn(state: State, recorded: RecordedEvent, board_id: str) -> None:
    is_permitted = person_in(recorded.source) or recorded.source.startswith(SYSTEM)
    blocker = open_blocker(state, recorded, board_id) if is_permitted else None
    if blocker and blocker.answer_id and blocker.answer_id == text(recorded, "answer_id"):
        withdrawn = replace(blocker, answer="", answered_by="", answer_id="", answer_due=None)
        state.put(replace(withdrawn, standing_reply=""))


def answer_failed(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Mark the answer as undelivered, so that the blocker can be answered again (rule 3)."""
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
        seen_at = max(recorded.happened_at, blocker.resolved_at)
        state.put(replace(blocker, seen_at=seen_at, seen_by=text(recorded, "received_by")))


def mark_resumed(state: State, recorded: RecordedEvent, board_id: str, task_id: str) -> None:
    """Mark answered blockers as resumed when the task first moves on (rule 4)."""
    for blocker in state.blockers_of(board_id, task_id):
        if blocker.answer_id and blocker.resolved_at is not None and blocker.resumed_at is None:
            resumed_at = max(recorded.happened_at, blocker.resolved_at)
            state.put(replace(blocker, resumed_at=resumed_at))


def blocker_for_person(state: State, recorded: RecordedEvent, board_id: str) -> BlockerState | None:
    """Return the open blocker if a person acts on it (rule 5)."""
    return open_blocker(state, recorded, board_id) if person_in(recorded.source) else None


def open_blocker(state: State, recorded: RecordedEvent, board_id: str) -> BlockerState | None:
    blocker = named_blocker(state, recorded, board_id)
    return blocker if blocker and blocker.resolved_at is None else None
