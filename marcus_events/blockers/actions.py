"""The actions of people on blockers. Each publishes an event that is caused by the blocker and names the person.

An action concerns one blocker, and optionally others with the same root cause: one event each, in one commit. An answer
can be withdrawn for UNDO; then `marcus_events.blockers.replies` sends it. While one waits, another one is refused.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from marcus_events.blockers.events import blocker_event
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import USER, Authority, source_of
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Blocker
from marcus_events.projections.state_tables import STATE

UNDO = timedelta(seconds=10)
PROJECTION_TIMEOUT_S = 2.0  # for the tables to follow; longer, and the page shows it a moment later by itself
POLL_INTERVAL_S = 0.02


class ActionNotPossible(ValueError):
    """The action is not possible in the present state; the message, for people, says why."""


def acknowledge(blockers: Sequence[Blocker], by: str) -> None:
    publish_each(EventTypes.BLOCKER_ACKNOWLEDGED, check_unresolved(blockers), by)


def assign(blockers: Sequence[Blocker], by: str, assignee: str) -> None:
    """Assign the blockers to somebody; an empty name removes the assignment."""
    publish_each(EventTypes.BLOCKER_ASSIGNED, check_unresolved(blockers), by, assignee=assignee)


def snooze(blockers: Sequence[Blocker], by: str, until: datetime | None) -> None:
    """Snooze the blockers until a time; None ends that."""
    if until is not None and until <= utc_now():
        raise ActionNotPossible("This time has passed. Choose a later one.")
    publish_each(EventTypes.BLOCKER_SNOOZED, check_unresolved(blockers), by, until=until.isoformat() if until else None)


def answer(blockers: Sequence[Blocker], by: str, text: str) -> None:
    """Answer all of the blockers, or none if one of them has an answer already. It is sent when UNDO has passed."""
    if not text.strip():
        raise ActionNotPossible("Write a reply first.")
    first, *others = check_unresolved(blockers)
    if first.answer_id:
        raise ActionNotPossible(f"{first.answered_by} has just replied. Undo that reply first.")
    if taken := next((other for other in others if other.answer_id), None):
        raise ActionNotPossible(
            f"{taken.answered_by} has just replied for one of the other tasks. The remaining tasks are listed below."
        )
    due = (utc_now() + UNDO).isoformat()
    [event, *_] = publish_each(EventTypes.BLOCKER_ANSWERED, blockers, by, answer=text.strip(), due=due)
    check_first(first, event)


def check_first(blocker: Blocker, answer: Event) -> None:
    """Check that nobody else's answer came first: only one counts, in the order of the log."""
    now = Blocker.objects.now().filter(blocker_id=blocker.blocker_id).exclude(answer_id="").first()
    if now is not None and now.answer_id != answer.event_id:
        who = f"A standing reply by {now.answered_by}" if now.standing_reply else now.answered_by
        raise ActionNotPossible(f"{who} has just replied. Undo that reply first.")


def withdraw(blockers: Sequence[Blocker], by: str) -> None:
    """Withdraw an answer that has not been sent."""
    first = blockers[0]
    if first.resolved_at or not first.answer_due or first.answer_due <= utc_now():
        raise ActionNotPossible("The reply has been sent and can no longer be undone.")
    ingest_and_wait([action_event(EventTypes.ANSWER_WITHDRAWN, one, by, answer_id=one.answer_id) for one in blockers])


def check_unresolved(blockers: Sequence[Blocker]) -> Sequence[Blocker]:
    """Check that the first blocker, which the action was made on, is unresolved."""
    if blockers[0].resolved_at:
        by = blockers[0].answered_by if blockers[0].answer_id else ""
        raise ActionNotPossible(f"{by} has already replied." if by else "This task is no longer blocked.")
    return blockers


def publish_each(event_type: str, blockers: Sequence[Blocker], by: str, **data: Any) -> list[Event]:
    """Publish an event of this type for each blocker; return the events."""
    events = [action_event(event_type, blocker, by, **data) for blocker in blockers]
    ingest_and_wait(events)
    return events


def action_event(event_type: str, blocker: Blocker, by: str, **data: Any) -> Event:
    return blocker_event(blocker, event_type, f"act_{uuid.uuid4().hex}", source_of(USER, by), by=by, **data)


def ingest_and_wait(events: Sequence[Event]) -> None:
    """Ingest the events and wait until pages show them. Raises ActionNotPossible if one is rejected."""
    receipts = ingest(events, Authority.SYSTEM)
    if refused := next((receipt for receipt in receipts if receipt.position is None), None):
        raise ActionNotPossible(f"This could not be stored: {refused.error}.")
    wait_until_projected(max(receipt.position or 0 for receipt in receipts))


def wait_until_projected(position: int) -> bool:
    """Wait until the tables hold the log up to this position; return whether they do."""
    deadline = time.monotonic() + PROJECTION_TIMEOUT_S
    while read.projected_and_head(STATE.name)[0] < position:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True
