"""The columns of the table and of exports: fixed ones, and paths into event data."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from marcus_events.core.event import RecordedEvent

PATH = re.compile(r"(data|metadata)(\.[^.,\s]{1,100}){1,6}")
USUAL = ("type", "board", "agent", "position")  # shown unless left out; time and sentence are always shown
EXTRA = ("recorded", "task", "source")
MAX_PATHS = 8  # per table
MAX_VALUE_CHARS = 300  # in the table
MAX_OFFERED = 12  # paths offered for a page


def paths(text: str) -> tuple[list[str], list[str]]:
    """Return the distinct valid paths of a comma-separated list, up to the limit."""
    named = [name for name in names(text) if not is_omission(name) and name not in EXTRA]
    good = [name for name in named if PATH.fullmatch(name)]
    return good[:MAX_PATHS], [name for name in named if name not in good[:MAX_PATHS]]


def shown_columns(text: str) -> list[str]:
    """Return the fixed columns that are shown: the usual ones without a leading minus, and the extra ones named."""
    named = names(text)
    return [name for name in USUAL if f"-{name}" not in named] + [name for name in EXTRA if name in named]


def is_omission(name: str) -> bool:
    return name[0] == "-" and name[1:] in USUAL


def names(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def offered_paths(events: Iterable[RecordedEvent], chosen: list[str]) -> list[str]:
    """Return the paths to the commonest plain values of these events' data, and those that are chosen."""
    found = Counter(
        f"data.{key}" for event in events for key, value in event.data.items() if not isinstance(value, dict | list)
    )
    fitting = [path for path, _ in found.most_common() if PATH.fullmatch(path) and path not in chosen]
    return [*chosen, *fitting[: MAX_OFFERED - len(chosen)]]


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
