"""What stands in an event whose body was taken away: who did that, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marcus_events.core.tracing import CORRELATION

PLACES_IT = ("board_id", "board_name", CORRELATION)  # metadata that stays: where the event belongs


def marker(by: str, at: datetime, reason: str) -> dict[str, Any]:
    return {"redacted": True, "by": by, "at": at.isoformat(timespec="seconds"), "reason": reason}


def is_redacted(data: dict[str, Any]) -> bool:
    return data.get("redacted") is True and {"by", "at", "reason"} <= data.keys()


def remaining(metadata: dict[str, Any]) -> dict[str, Any]:
    return {name: metadata[name] for name in PLACES_IT if name in metadata}


def day_of(data: dict[str, Any]) -> str:
    """The day of the redaction in words, as "3 May 2026"; "" where it names none."""
    try:
        at = datetime.fromisoformat(str(data.get("at")))
    except ValueError:
        return ""
    return f"{at.day} {at:%B %Y}"


def texts_in(value: object) -> set[str]:
    """Every text in a body: what may have been copied elsewhere."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if text.strip():
                found.add(text)
            case dict() as fields:
                waiting += fields.values()
            case list() as items:
                waiting += items
    return found
