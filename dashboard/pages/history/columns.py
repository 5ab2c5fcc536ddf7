"""The columns of the table and of an export: those everybody knows, and paths into what producers sent."""

from __future__ import annotations

import json
import re
from typing import Any

from marcus_events.core.event import RecordedEvent

PATH = re.compile(r"(data|metadata)(\.[^.,\s]{1,100}){1,6}")
CAN_BE_LEFT_OUT = ("type", "board", "agent", "position")  # a row without its time or its words would say nothing
MOST = 8  # paths of one table
LONGEST = 300  # characters of a value in the table


def paths(text: str) -> tuple[list[str], list[str]]:
    """The paths in a list between commas, each once, and what is no column or one too many."""
    named = [name for name in names(text) if not leaves_out(name)]
    good = [name for name in named if PATH.fullmatch(name)]
    return good[:MOST], [name for name in named if name not in good[:MOST]]


def left_out(text: str) -> list[str]:
    """Of those that everybody knows, the ones with a minus in front."""
    return [name[1:] for name in names(text) if leaves_out(name)]


def leaves_out(name: str) -> bool:
    return name[0] == "-" and name[1:] in CAN_BE_LEFT_OUT


def names(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def value_at(event: RecordedEvent, path: str) -> Any:
    """None where there is nothing."""
    root, *steps = path.split(".")
    found: Any = getattr(event, root)
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def as_text(value: Any) -> str:
    """What is nested, and what is neither text nor number, as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def shown(event: RecordedEvent, path: str) -> str:
    text = as_text(value_at(event, path))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
