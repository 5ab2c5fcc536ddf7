"""What a person does about a blocker: each act is an event, caused by the blocker, that says who did it.

The answer is not sent at once: for UNDO it can be taken back (`marcus_events.answers` sends it then). Who answers while
somebody else's answer waits is told so, and nothing of theirs is lost: it stays in the form.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from marcus_events.core.event import utc_now
from marcus_events.core.vocabulary import EventTypes
from marcus_events.handling import about
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Blocker
from marcus_events.projections.state import STATE

UNDO = timedelta(seconds=10)
SHOWN_WITHIN_S = 2.0  # for the tables to follow; longer, and the page shows it a moment later by itself
LOOK_EVERY_S = 0.02


class NotPossible(ValueError):
    """The act makes no sense now; the message tells a person why."""


def acknowledge(blocker: Blocker, by: str) -> None:
    publish(EventTypes.BLOCKER_ACKNOWLEDGED, unresolved(blocker), by)


def assign(blocker: Blocker, by: str, assignee: str) -> None:
    """To somebody, or to nobody with an empty name."""
    publish(EventTypes.BLOCKER_ASSIGNED, unresolved(blocker), by, assignee=assignee)


def snooze(blocker: Blocker, by: str, until: datetime | None) -> None:
    """Until a time; None brings it back."""
    if until is not None and until <= utc_now():
        raise NotPossible("That time has passed. Choose a later one.")
    publish(EventTypes.BLOCKER_SNOOZED, unresolved(blocker), by, until=until.isoformat() if until else None)


def answer(blocker: Blocker, by: str, text: str) -> None:
    """Let it be sent when UNDO has passed."""
    if not text.strip():
        raise NotPossible("Write an answer first.")
    if unresolved(blocker).answer_id:
        raise NotPossible(f"{blocker.answered_by} has just answered. Take that answer back first.")
    publish(EventTypes.BLOCKER_ANSWERED, blocker, by, answer=text.strip(), due=(utc_now() + UNDO).isoformat())


def withdraw(blocker: Blocker, by: str) -> None:
    """Take an answer back, for as long as it waits."""
    if blocker.resolved_at or not blocker.answer_due or blocker.answer_due <= utc_now():
        raise NotPossible("The answer is on its way and cannot be taken back any more.")
    publish(EventTypes.ANSWER_WITHDRAWN, blocker, by, answer_id=blocker.answer_id)


def unresolved(blocker: Blocker) -> Blocker:
    if blocker.resolved_at:
        raise NotPossible("It is not blocked any more.")
    return blocker


def publish(event_type: str, blocker: Blocker, by: str, **data: Any) -> None:
    """Returns when the pages show it, or would any moment. Raises NotPossible where it cannot be taken."""
    [receipt] = ingest([about(blocker, event_type, f"act_{uuid.uuid4().hex}", f"user:{by}", by=by, **data)])
    if receipt.position is None:
        raise NotPossible(f"That cannot be stored: {receipt.error}.")
    wait_shown(receipt.position)


def wait_shown(position: int) -> None:
    deadline = time.monotonic() + SHOWN_WITHIN_S
    while read.projected(STATE.name) < position and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
