"""Make events about a blocker: each names the blocker and its task, and is caused by the blocker's own event."""

from __future__ import annotations

from typing import Any

from marcus_events.core.causation import CAUSATION, CORRELATION
from marcus_events.core.event import Event, utc_now
from marcus_events.models import Blocker


def blocker_event(blocker: Blocker, event_type: str, event_id: str, source: str, **data: Any) -> Event:
    stated = {"task_id": blocker.task_id, "blocker_event_id": blocker.event_id} | data
    metadata = {CAUSATION: blocker.event_id, CORRELATION: blocker.event_id}
    metadata |= {"board_id": blocker.board_id} if blocker.board_id else {}
    return Event(event_id, utc_now(), event_type, source, stated, metadata)
