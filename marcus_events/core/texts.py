"""The texts of an event, as they are searched: letters great and small are the same."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def lower(text: str) -> str:
    """Of A to Z alone: what every database does, whatever its language."""
    return text.translate(LOWER)


def texts_in(value: object) -> Iterator[str]:
    """Every text in a JSON value, but for keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)
