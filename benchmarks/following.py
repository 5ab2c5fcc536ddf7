"""How fast `follow` imports the logs of a Marcus installation, beside reading and parsing their lines."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.contest import Contest, Contestant, Figures, NotMeasured, Scale
from benchmarks.databases import database
from benchmarks.generated_logs import write_logs
from marcus_events.sources.marcus.follower import Follower
from marcus_events.sources.marcus.follower_state import Totals
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable

LINES = "lines/s"
PARSING = "reading and parsing"
QUICK_LINES = 1_000


def contests(scale: Scale) -> Iterator[Contest]:
    lines = scale.of(scale.log_lines, QUICK_LINES)
    with database():
        yield Contest(
            f"follow {lines:,} log lines",
            PARSING,
            [
                Contestant(PARSING, parse.__doc__ or "", lambda: measured(parse, lines)),
                Contestant("follow --once", follow.__doc__ or "", lambda: measured(follow, lines)),
            ],
        )


class Quiet:
    """Reports nothing but unreadable lines, which there must not be."""

    def report_message(self, text: str) -> None:
        return

    def report_unreadable(self, item: Unreadable) -> None:
        raise NotMeasured(f"{item.where} {item.reason}")

    def progress(self, read: int, size: int, total: Totals) -> None:
        return

    def report_scan(self, outcome: Outcome) -> None:
        if not outcome.new:
            raise NotMeasured("nothing was imported")


def measured(work: Callable[[Path], None], lines: int) -> Figures:
    """Measure on logs of their own, since events that are known already are not imported again."""
    with tempfile.TemporaryDirectory(prefix="marcus-bench-") as directory:
        written = write_logs(Path(directory), lines)
        begun = time.perf_counter()
        work(Path(directory))
        return {LINES: written / (time.perf_counter() - begun)}


def follow(root: Path) -> None:
    """all log files of an installation imported: acts recognised, events checked and committed"""
    follower = Follower(root, None, Quiet(), threading.Event())
    try:
        follower.once()
    finally:
        follower.close()


def parse(root: Path) -> None:
    """each line of the same files read and parsed as JSON, and nothing kept"""
    for path in root.rglob("*.jsonl"):
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
