"""What people do that others may ask about later, as events of its own."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest


def record(event_type: str, by: str, address: str = "", **data: Any) -> None:
    """Committed when it returns."""
    stated = {"by": by, "address": address, **data}
    ingest([Event(str(uuid4()), utc_now(), event_type, f"user:{by}", stated, {})])
