"""The columns of the table and of exports: fixed ones, and paths into event data."""

from __future__ import annotations

import json
import re
from typing import Any

from marcus_events.core.event import RecordedEvent

PATH = re.compile(r"(data|metadata)(\.[^.,\s]{1,100}){1,6}")
CAN_BE_LEFT_OUT = ("type", "board", "agent", "position")  # time and sentence are always shown
MAX_PATHS = 8  # per table
MAX_VALUE_CHARS = 300  # in the table


def paths(text: str) -> tuple[list[str], list[str]]:
    """Return the distinct valid paths of a comma-separated list, up to the limit."""
    named = [name for name in names(text) if not is_omission(name)]
    good = [name for name in named if PATH.fullmatch(name)]
    return good[:MAX_PATHS], [name for name in named if name not in good[:MAX_PATHS]]


def omitted_columns(text: str) -> list[str]:
    """Return the fixed columns that are listed with a leading minus."""
    return [name[1:] for name in names(text) if is_omission(name)]


def is_omission(name: str) -> bool:
    return name[0] == "-" and name[1:] in CAN_BE_LEFT_OUT


def names(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def value_at(event: RecordedEvent, path: str) -> Any:
    """Return the value at a path, or None."""
    root, *steps = path.split(".")
    found: Any = getattr(event, root)
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def as_text(value: Any) -> str:
    """Convert a value to text; nested values become JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def format_cell(event: RecordedEvent, path: str) -> str:
    text = as_text(value_at(event, path))
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"
