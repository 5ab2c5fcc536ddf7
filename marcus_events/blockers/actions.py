"""What a person does about blockers: each act is an event, caused by its blocker, that says who did it.

An act is about one blocker, and about others of its root cause where the person says so: one event for each of them,
all in one commit. The answer is not sent at once: for UNDO it can be taken back (`marcus_events.blockers.replies` sends
it then). Who answers while somebody else's answer waits is told so, and what they wrote stays in the form.
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
    """The act makes no sense now; the message tells a person why."""


def acknowledge(blockers: Sequence[Blocker], by: str) -> None:
    publish_each(EventTypes.BLOCKER_ACKNOWLEDGED, check_unresolved(blockers), by)


def assign(blockers: Sequence[Blocker], by: str, assignee: str) -> None:
    """To somebody, or to nobody with an empty name."""
    publish_each(EventTypes.BLOCKER_ASSIGNED, check_unresolved(blockers), by, assignee=assignee)


def snooze(blockers: Sequence[Blocker], by: str, until: datetime | None) -> None:
    """Until a time; None brings them back."""
    if until is not None and until <= utc_now():
        raise ActionNotPossible("This time has passed. Choose a later one.")
    publish_each(EventTypes.BLOCKER_SNOOZED, check_unresolved(blockers), by, until=until.isoformat() if until else None)


def answer(blockers: Sequence[Blocker], by: str, text: str) -> None:
    """Let it be sent when UNDO has passed. All or none: where one of them has an answer, nobody's is covered up."""
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
    publish_each(EventTypes.BLOCKER_ANSWERED, blockers, by, answer=text.strip(), due=due)


def withdraw(blockers: Sequence[Blocker], by: str) -> None:
    """Take an answer back, for as long as it waits."""
    first = blockers[0]
    if first.resolved_at or not first.answer_due or first.answer_due <= utc_now():
        raise ActionNotPossible("The reply has been sent and can no longer be undone.")
    ingest_and_wait([action_event(EventTypes.ANSWER_WITHDRAWN, one, by, answer_id=one.answer_id) for one in blockers])


def check_unresolved(blockers: Sequence[Blocker]) -> Sequence[Blocker]:
    """The first is the one that the act is about."""
    if blockers[0].resolved_at:
        raise ActionNotPossible("This task is no longer blocked.")
    return blockers


def publish_each(event_type: str, blockers: Sequence[Blocker], by: str, **data: Any) -> None:
    """The same of each."""
    ingest_and_wait([action_event(event_type, blocker, by, **data) for blocker in blockers])


def action_event(event_type: str, blocker: Blocker, by: str, **data: Any) -> Event:
    return blocker_event(blocker, event_type, f"act_{uuid.uuid4().hex}", source_of(USER, by), by=by, **data)


def ingest_and_wait(events: Sequence[Event]) -> None:
    """Returns when the pages show it, or would any moment. Raises NotPossible where it cannot be taken."""
    receipts = ingest(events, Authority.SYSTEM)
    if refused := next((receipt for receipt in receipts if receipt.position is None), None):
        raise ActionNotPossible(f"This could not be stored: {refused.error}.")
    wait_until_projected(max(receipt.position or 0 for receipt in receipts))


def wait_until_projected(position: int) -> None:
    deadline = time.monotonic() + PROJECTION_TIMEOUT_S
    while read.projected(STATE.name) < position and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_S)
