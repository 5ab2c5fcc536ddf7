"""Normalise texts for comparison, so that texts that look the same are equal. Events store the original text."""

from __future__ import annotations

import unicodedata
from typing import Any


def normalised(text: str) -> str:
    """Return the text in Unicode NFC, with line feeds for line ends, and stripped."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def normalised_value(value: Any) -> Any:
    """Return a JSON value with every text in it normalised, except keys."""
    if isinstance(value, str):
        return normalised(value)
    if isinstance(value, dict):
        return {name: normalised_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [normalised_value(item) for item in value]
    return value
