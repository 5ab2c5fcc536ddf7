"""What people do here is an event too: who, from where, and what it was about."""

from __future__ import annotations

import uuid
from typing import Any

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest


def record(event_type: str, by: str, address: str = "", **data: Any) -> None:
    """Publish that somebody did something; it is committed when this returns."""
    what = {"by": by, "address": address, **data}
    ingest([Event(f"audit_{uuid.uuid4()}", utc_now(), event_type, f"user:{by}", what, {})])
