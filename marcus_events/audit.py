"""What people do with the system itself, as events: who did what, from where."""

from __future__ import annotations

import uuid
from typing import Any

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest


def record(event_type: str, by: str, address: str = "", **data: Any) -> None:
    """Publish what somebody did. Returns when it is committed."""
    stated = {"by": by, "address": address, **data}
    ingest([Event(f"audit_{uuid.uuid4().hex}", utc_now(), event_type, f"user:{by}", stated, {})])
