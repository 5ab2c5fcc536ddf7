"""Runs the demo in a thread and reads its events from the log."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Self
from uuid import uuid4

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.sources.demo import Demo
from marcus_events.sources.demo_script import script
from tests.waiting import wait_until

LINES = len(script())
FAST = 10_000.0  # a round in two ticks
SLOW = 200.0  # a round in 1.5 s, which can be interrupted


class Playing:
    """Plays inside the block, or until the demo ends."""

    def __init__(self, *, speed: float = FAST, watched: bool = True) -> None:
        self.watched = watched
        self.stop = threading.Event()
        demo = Demo(lambda: self.watched, speed=speed)
        self.thread = threading.Thread(target=demo.run, args=(self.stop,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()

    @property
    def is_over(self) -> bool:
        return not self.thread.is_alive()


def log() -> list[RecordedEvent]:
    return read.following(0, 1_000_000)


def rounds() -> Counter[str]:
    """Return the number of events per round, oldest round first."""
    return Counter(round_of(event) for event in log() if is_played(event))


def round_of(event: RecordedEvent) -> str:
    return event.event.event_id.split("-")[1]


def is_played(event: RecordedEvent) -> bool:
    return event.event_type != "board_removed" and event.event.event_id.startswith("demo-")


def removals() -> list[str]:
    return [event.data["reason"] for event in log() if event.event_type == "board_removed"]


def until_rounds(count: int) -> None:
    """Wait until `count` rounds are complete."""
    wait_until(lambda: list(rounds().values()).count(LINES) >= count)


def until_middle() -> None:
    """Wait until tasks are in progress in an unfinished round."""
    wait_until(lambda: any(event.event_type == "task_blocked" for event in log()))


def remove_by_hand() -> None:
    """Remove the board as a person does in the dashboard."""
    data = {"board_id": "demo", "reason": "removed"}
    ingest(
        [Event(f"removed-{uuid4()}", utc_now(), "board_removed", "user:ada", data, {"board_id": "demo"})],
        Authority.SYSTEM,
    )


def publish_real() -> None:
    ingest([Event(f"real-{uuid4()}", utc_now(), "nightly_backup", "cron", {})])
