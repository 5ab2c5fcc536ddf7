"""How long to wait before the next attempt: longer each time, and never for all at the same moment."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff_delays(first_s: float, longest_s: float) -> Iterator[float]:
    """Seconds to wait, without end: doubling from `first_s` to `longest_s`, each by up to a quarter more or less."""
    pause = first_s
    while True:
        yield min(pause * random.uniform(0.75, 1.25), longest_s)  # noqa: S311 - not for secrets
        pause = min(pause * 2, longest_s)
