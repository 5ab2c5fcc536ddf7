"""What stands in an event whose body was taken away: who did that, when and why."""

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
    """The metadata that stays: the board's id, the correlation if another event bears that id, what
    marks it as of the demo or as out of order, and the event's effect.

    A name is a text, and goes: the board, the task and the agent are named by other events, or by their ids.
    """
    kept: dict[str, Any] = {"board_id": event.board_id} if event.board_id else {}
    correlation = event.metadata.get(CORRELATION)
    kept |= {CORRELATION: correlation} if text_in(correlation) in bears else {}
    kept |= {name: True for name in (DEMO, OUT_OF_ORDER) if event.metadata.get(name) is True}
    return kept | ({EFFECT: effect} if effect else {})


def day_of(data: dict[str, Any]) -> str:
    """The day of the redaction in words, as "3 May 2026"; "" where it names none."""
    try:
        at = datetime.fromisoformat(str(data.get("at")))
    except ValueError:
        return ""
    return f"{at.day} {at:%B %Y}"
