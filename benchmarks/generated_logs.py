"""Writes the logs of a large Marcus installation: those of the bundled run, many times, with other ids and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from marcus_events.sources.demo_script import RUN

MARCUS_ID = re.compile(r"\b([0-9a-f]{8})([0-9a-f]{24})\b")
MOMENT = re.compile(r"2026-11-23T\d\d:\d\d:\d\d")
APART = timedelta(minutes=1)  # a run takes ten seconds


def write_logs(root: Path, lines: int) -> int:
    """Write at least so many lines in whole runs, a minute apart, and return their number."""
    files = {path.relative_to(RUN): path.read_text() for path in sorted((RUN / "logs").rglob("*.jsonl"))}
    written = run = 0
    while written < lines:
        changed = changer(uuid4().hex[:8], run * APART)
        for name, text in files.items():
            path = root / name.parent / f"{name.stem.rstrip('0123456789_')}_{stamp(run)}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changed(text))
            written += text.count("\n")
        run += 1
    return written


def stamp(run: int) -> str:
    return (datetime(2025, 11, 23, 20, 46) + run * APART).strftime("%Y%m%d_%H%M%S")  # noqa: DTZ001 - a name


def changer(prefix: str, shift: timedelta) -> Callable[[str], str]:
    """Return a function that gives a run's projects and tasks ids of their own, and moves its times a year back."""

    def moved(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[0]) - timedelta(days=365) + shift
        return moment.isoformat()

    def changed(text: str) -> str:
        return MOMENT.sub(moved, MARCUS_ID.sub(lambda found: found[1] + prefix + found[2][8:], text))

    return changed
