"""Texts as they are compared: two that a person could not tell apart are the same. Events keep what was written."""

from __future__ import annotations

import unicodedata
from typing import Any


def normalised(text: str) -> str:
    """The text in Unicode NFC, with line feeds for line ends, and without white space at its ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def normalised_value(value: Any) -> Any:
    """A JSON value with every text in it normalised; names of fields stay as they are."""
    if isinstance(value, str):
        return normalised(value)
    if isinstance(value, dict):
        return {name: normalised_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [normalised_value(item) for item in value]
    return value
