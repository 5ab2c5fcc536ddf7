"""Converts the bundled Marcus run to the demo's script: its events, each due at a second of a round.

The run took ten seconds. Its times are stretched so that a person can follow: everything before the first started task
is due at once; the time between two visible events is multiplied by `TIME_FACTOR`, up to `MAX_PAUSE_S`; other events
are placed in proportion. Order and causes stay as they were.

Ids of boards, tasks and events are the demo's own, so that the same run can be followed beside it.
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
TIME_FACTOR = 80.0  # a round takes five minutes; the first blocker opens after 18 s and ends after 41 s
MAX_PAUSE_S = 2.0  # between two visible events
ROUND = "@round@"  # placeholder for the round's name in event ids
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
# A project's or task's id; its first eight digits are unique within the run.
MARCUS_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


@dataclass(frozen=True)
class Tempo:
    """Maps moments of the run to seconds of a round, interpolating between the known ones."""

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
    """An event as JSON, due at a second of the round."""

    due: float
    text: str
    tempo: Tempo

    def event(self, name: str, now: datetime) -> Event:
        """Build the event for a round. Times in its data are shifted to lie as far back as they were played."""
        fields = json.loads(TIME.sub(lambda found: self._shift(found[0], now), self.text.replace(ROUND, name)))
        return Event(**fields | {"timestamp": now})

    def _shift(self, stamp: str, now: datetime) -> str:
        return (now - timedelta(seconds=self.due - self.tempo.second(datetime.fromisoformat(stamp)))).isoformat()


@cache
def script() -> list[ScriptedEvent]:
    """Return the events in order; read from the run once."""
    events = read_run()
    tempo = build_tempo(events)
    rewrite = id_rewriter(events)
    lines: list[ScriptedEvent] = []
    for event in events:
        due = max(tempo.second(event.timestamp), lines[-1].due if lines else 0.0)
        lines.append(ScriptedEvent(due, rewrite(json.dumps(to_demo_event(event))), tempo))
    return lines


def read_run() -> list[Event]:
    boards = Boards()
    translator = Translator(boards)
    reader = InstallationReader(Installation(RUN), boards)
    return [event for acts in reader.scan(utc_now(), is_last=True) for event in translator.events(acts)]


def build_tempo(events: list[Event]) -> Tempo:
    first = next(n for n, event in enumerate(events) if event.event_type == T.TASK_STARTED)
    moments = sorted({event.timestamp for event in events[first:] if is_visible(event)})
    seconds = [0.0]
    for earlier, later in pairwise(moments):
        seconds.append(seconds[-1] + min(TIME_FACTOR * (later - earlier).total_seconds(), MAX_PAUSE_S))
    return Tempo(moments, seconds)


def is_visible(event: Event) -> bool:
    return meaning_of(event.event_type).importance in ("normal", "high")


def to_demo_event(event: Event) -> dict[str, Any]:
    """Move the event to the demo's board. Drops the mark by which `follow` would recognise it as Marcus's own act."""
    renamed = {"project_name": BOARD_NAME} if "project_name" in event.data else {}
    metadata = {name: value for name, value in (event.metadata or {}).items() if name != "act"}
    marks = {"board_id": BOARD, "board_name": BOARD_NAME, DEMO: True}
    return event.to_dict() | {"data": event.data | renamed, "metadata": metadata | marks}


def id_rewriter(events: list[Event]) -> Callable[[str], str]:
    """Return a function that replaces ids of the run: events by their index, tasks by their first digits."""
    by_id = {event.event_id: f"{BOARD}-{ROUND}-{n}" for n, event in enumerate(events)}
    event_id = re.compile("|".join(map(re.escape, sorted(by_id, key=len, reverse=True))))
    project_id = next(event.data["project_id"] for event in events if event.event_type == T.PROJECT_CREATED)

    def rewrite(text: str) -> str:
        text = event_id.sub(lambda found: by_id[found[0]], text).replace(project_id, BOARD)
        return MARCUS_ID.sub(rf"{BOARD}-\1", text)

    return rewrite
