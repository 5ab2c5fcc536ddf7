"""Exponential backoff with jitter."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff_delays(first_s: float, longest_s: float) -> Iterator[float]:
    """Yield seconds to wait, without end: doubling from `first_s` to `longest_s`, with up to 25 % jitter."""
    pause = first_s
    while True:
        yield min(pause * random.uniform(0.75, 1.25), longest_s)  # noqa: S311 - not for secrets
        pause = min(pause * 2, longest_s)
