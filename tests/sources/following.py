"""A follower in a thread, with its messages."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any, Self

from django.db import connection

from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.log import read
from marcus_events.sources.marcus.follower import Follower
from marcus_events.sources.marcus.follower_state import Totals
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable
from tests.waiting import wait_until


class Following:
    """Follows an installation inside the block; ready once it is up to date or waits for Marcus."""

    def __init__(self, root: Path, board: str | None = None) -> None:
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.stop = threading.Event()
        self.follower = Follower(root, board, self, self.stop)
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.follower.run()
        finally:
            self.follower.close()
            connection.close()

    def __enter__(self) -> Self:
        self.thread.start()
        wait_until(lambda: self.said)
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()

    def report_message(self, text: str) -> None:
        self.said.append(text)

    def report_unreadable(self, item: Unreadable) -> None:
        self.complaints.append(f"{item.where} {item.reason}")

    def progress(self, read: int, size: int, total: Totals) -> None: ...

    def report_scan(self, outcome: Outcome) -> None: ...


class News:
    """Events added to the log since the last call."""

    def __init__(self) -> None:
        self.position = read.head().position

    def wait(self, count: int) -> list[RecordedEvent]:
        """Return the next `count` events as soon as they are there."""
        wait_until(lambda: read.head().position >= self.position + count)
        found = read.following(self.position, 1_000)
        assert len(found) == count, [event.event_type for event in found]
        self.position = found[-1].position
        return found

    def types(self, count: int) -> list[str]:
        return [event.event_type for event in self.wait(count)]


def event_counts() -> Counter[str]:
    """Return the number of events in the log by type."""
    return Counter(event.event_type for event in read.following(0, 1_000_000))


def line(event_type: str, **fields: Any) -> dict[str, Any]:
    """Return a line as Marcus writes it to a realtime file now."""
    return {"timestamp": utc_now().isoformat(), "type": event_type, **fields}
