"""How a blocker has ended, in the words that agents receive."""

from __future__ import annotations

from typing import Literal

from marcus_events.core.reserved import person_in
from marcus_events.models import Blocker

BlockerStatus = Literal["waiting", "answered", "resolved"]


def status_of(blocker: Blocker) -> BlockerStatus:
    """A blocker is `answered` by a person's reply, and `resolved` if it ended in another way."""
    if blocker.resolved_at is None:
        return "waiting"
    return "answered" if blocker.answer_id else "resolved"


def ended_by(blocker: Blocker) -> str | None:
    """Return the person, or else the source, that ended the blocker; None if nothing names it."""
    return person_in(blocker.resolved_by) or blocker.resolved_by or None
