"""Match types and sources against patterns, in which `*` stands for any text."""

from __future__ import annotations

from collections.abc import Iterable


def like(pattern: str, text: str) -> bool:
    """Whether `text` matches `pattern`; in linear time, since anyone may send a pattern."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    at, end = len(first), len(text) - len(others[-1])
    if at > end or not (text.startswith(first) and text.endswith(others[-1])):
        return False
    for piece in others[:-1]:
        if (found := text.find(piece, at, end)) < 0:
            return False
        at = found + len(piece)
    return True


def any_like(patterns: Iterable[str], text: str) -> bool:
    """Whether `text` matches one of the patterns."""
    return any(like(pattern, text) for pattern in patterns)
