"""The marker that replaces the data of a redacted event, and the metadata that remains."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from marcus_events.core.causation import CORRELATION
from marcus_events.core.event import OUT_OF_ORDER, RecordedEvent
from marcus_events.core.event_fields import text_in

REDACTED = "(redacted)"
EFFECT = "effect"  # in the metadata: what the event still does to the state, see `core.reducers.redacted_effect`
DEMO = "demo"  # in the metadata: true marks a board as the demo
# Metadata that may stay; older versions have left the name of the board too.
REMAINING_METADATA = ("board_id", "board_name", CORRELATION, DEMO, OUT_OF_ORDER, EFFECT)


def redaction_marker(by: str, at: datetime, reason: str) -> dict[str, Any]:
    return {"redacted": True, "by": by, "at": at.isoformat(timespec="seconds"), "reason": reason}


def is_redacted(data: dict[str, Any]) -> bool:
    return data.get("redacted") is True and {"by", "at", "reason"} <= data.keys()


def remaining_metadata(event: RecordedEvent, effect: dict[str, Any], bears: Collection[str]) -> dict[str, Any]:
    """Return the remaining metadata: the board's id, the correlation id if it is in `bears`, the marks of the demo and
    of the order, and the effect.

    Names are text and are removed: other events name the board, the task and the agent.
    """
    kept: dict[str, Any] = {"board_id": event.board_id} if event.board_id else {}
    correlation = event.metadata.get(CORRELATION)
    kept |= {CORRELATION: correlation} if text_in(correlation) in bears else {}
    kept |= {name: True for name in (DEMO, OUT_OF_ORDER) if event.metadata.get(name) is True}
    return kept | ({EFFECT: effect} if effect else {})


def day_of(data: dict[str, Any]) -> str:
    """Return the day of the redaction, as in "3 May 2026"; "" if the marker has no valid time."""
    try:
        at = datetime.fromisoformat(str(data.get("at")))
    except ValueError:
        return ""
    return f"{at.day} {at:%B %Y}"
