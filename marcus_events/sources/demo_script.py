"""The bundled run as a script for the demo: what is published in a round, and at which second of it.

The run took ten seconds. Its own times are stretched so that a person can follow: what stands before the first task is
started happens at once; from one thing that a person sees to the next it takes `STRETCH` times as long as it did, but
never more than `LONGEST_PAUSE_S`; noise in between keeps its place. Order and causes stay as they were.

Ids of boards, tasks and events are the demo's own, so that the same run may be followed beside it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import meaning_of
from marcus_events.core.redaction_marker import DEMO
from marcus_events.core.reserved import DEMO_BOARD
from marcus_events.sources.marcus.act_events import Translator
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.reader import InstallationReader

RUN = Path(__file__).with_name("demo_run")
BOARD = DEMO_BOARD
BOARD_NAME = "Storefront (demo)"
STRETCH = 80.0  # makes a round of five minutes, with the first blocker after 18 s and its end after 41 s
LONGEST_PAUSE_S = 2.0  # between two things that a person sees
ROUND = "@round@"  # stands for the round's name in the ids of its events
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
MARCUS_ID = re.compile(
    r"\b([0-9a-f]{8})[0-9a-f]{24}\b"
)  # of a project or task; eight digits tell those of one run apart


@dataclass(frozen=True)
class Tempo:
    """Moments of the run as seconds of a round: known at some, in proportion between them."""

    moments: list[datetime]
    seconds: list[float]

    def second(self, moment: datetime) -> float:
        after = bisect_right(self.moments, moment)
        if after in (0, len(self.moments)):
            return self.seconds[max(after - 1, 0)]
        start, end = self.moments[after - 1 : after + 1]
        share = (moment - start) / (end - start)
        return self.seconds[after - 1] + share * (self.seconds[after] - self.seconds[after - 1])


@dataclass(frozen=True)
class ScriptedEvent:
    """An event of the script as JSON, due at a second of the round."""

    due: float
    text: str
    tempo: Tempo

    def event(self, name: str, now: datetime) -> Event:
        """As it happens now in the round of that name. Times it speaks of lie as far back as they were played."""
        stated = json.loads(TIME.sub(lambda found: self._when(found[0], now), self.text.replace(ROUND, name)))
        return Event(**stated | {"timestamp": now})

    def _when(self, stamp: str, now: datetime) -> str:
        return (now - timedelta(seconds=self.due - self.tempo.second(datetime.fromisoformat(stamp)))).isoformat()


@cache
def script() -> list[ScriptedEvent]:
    """The lines in their order; read from the run once."""
    events = read_run()
    tempo = tempo_of(events)
    rewrite = rewriting(events)
    lines: list[ScriptedEvent] = []
    for event in events:
        due = max(tempo.second(event.timestamp), lines[-1].due if lines else 0.0)
        lines.append(ScriptedEvent(due, rewrite(json.dumps(in_demo(event))), tempo))
    return lines


def read_run() -> list[Event]:
    boards = Boards()
    translator = Translator(boards)
    reader = InstallationReader(Installation(RUN), boards)
    return [event for acts in reader.look(utc_now(), is_last=True) for event in translator.events(acts)]


def tempo_of(events: list[Event]) -> Tempo:
    first = next(n for n, event in enumerate(events) if event.event_type == T.TASK_STARTED)
    moments = sorted({event.timestamp for event in events[first:] if is_seen(event)})
    seconds = [0.0]
    for earlier, later in pairwise(moments):
        seconds.append(seconds[-1] + min(STRETCH * (later - earlier).total_seconds(), LONGEST_PAUSE_S))
    return Tempo(moments, seconds)


def is_seen(event: Event) -> bool:
    return meaning_of(event.event_type).importance in ("normal", "high")


def in_demo(event: Event) -> dict[str, Any]:
    """The event on the demo's board. Without the mark by which `follow` would recognise it as Marcus's own act."""
    renamed = {"project_name": BOARD_NAME} if "project_name" in event.data else {}
    metadata = {name: value for name, value in (event.metadata or {}).items() if name != "act"}
    marks = {"board_id": BOARD, "board_name": BOARD_NAME, DEMO: True}
    return event.to_dict() | {"data": event.data | renamed, "metadata": metadata | marks}


def rewriting(events: list[Event]) -> Callable[[str], str]:
    """Gives ids of the run the demo's: events by their place in the script, tasks by their first digits."""
    by_id = {event.event_id: f"{BOARD}-{ROUND}-{n}" for n, event in enumerate(events)}
    event_id = re.compile("|".join(map(re.escape, sorted(by_id, key=len, reverse=True))))
    project_id = next(event.data["project_id"] for event in events if event.event_type == T.PROJECT_CREATED)

    def rewrite(text: str) -> str:
        text = event_id.sub(lambda found: by_id[found[0]], text).replace(project_id, BOARD)
        return MARCUS_ID.sub(rf"{BOARD}-\1", text)

    return rewrite
