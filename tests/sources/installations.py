"""Copies of the bundled run to read, extend and damage, and what a reader finds in them."""

import json
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from marcus_events.core.event import Event, utc_now
from marcus_events.sources.marcus.act_events import Translator
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.published_acts import recognise_published
from marcus_events.sources.marcus.reader import InstallationReader
from marcus_events.sources.marcus.records import Unreadable

RUN = Path(__file__).parents[2] / "marcus_events" / "sources" / "demo_run"
REALTIME = "logs/conversations/realtime_20261123_204618.jsonl"
CONVERSATIONS = "logs/conversations/conversations_20261123_204617.jsonl"
DECISIONS = "logs/conversations/decisions_20261123_204617.jsonl"
AGENT_EVENTS = "logs/agent_events/agent_events_20261123.jsonl"
LOGS = (REALTIME, CONVERSATIONS, AGENT_EVENTS)
STORED = ("data/marcus.db", "data/kanban.db")


def copy_run(to: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Return a writable copy of the bundled run."""
    shutil.copytree(RUN, to)
    for name in without:
        (to / name).unlink()
    return to


def other_run(to: Path, name: str) -> Path:
    """Return a copy as another project, one day earlier; only the agents' ids are the same."""
    copy_run(to)
    tasks = dict.fromkeys(row[0] for row in rows_of(to / "data/kanban.db", "SELECT name FROM tasks"))

    def other(text: str) -> str:
        text = re.sub(r"\b[0-9a-f]{32}\b", lambda found: found[0][::-1], text)
        text = re.sub(r"\bevt_(\d+)_1", r"evt_\1_2", text)
        text = text.replace("2026-11-23T", "2026-11-22T").replace("Storefront", name)
        for task in tasks:
            text = text.replace(task, f"{name}: {task}")
        return text

    for path in to.rglob("*.jsonl"):
        path.write_text(other(path.read_text()))
    for stored in STORED:
        dump = "\n".join(rows_of(to / stored))
        (to / stored).unlink()
        with closing(sqlite3.connect(to / stored)) as database:
            database.executescript(other(dump))
    return to


def rows_of(path: Path, query: str = "") -> list[Any]:
    """Return the rows of a query, or the whole SQLite database as SQL statements."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute(query) if query else database.iterdump())


def append(path: Path, *lines: str | bytes | dict[str, Any], end: bytes = b"\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for line in lines:
            text = json.dumps(line) if isinstance(line, dict) else line
            file.write((text.encode() if isinstance(text, str) else text) + end)


@dataclass
class Session:
    """A reader of an installation, with a list of published events as its log."""

    root: Path
    board: str | None = None
    log: list[Event] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    zone: ZoneInfo | None = None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        boards = Boards(self.board)
        self.reader = InstallationReader(Installation(self.root), boards, self.unreadable.append, self.zone)
        self.translator = Translator(boards)

    def scan(self, *, now: datetime | None = None, is_last: bool = True) -> list[Event]:
        """Return the events that a scan adds to the log."""
        start = len(self.log)
        for acts in self.reader.scan(now or utc_now(), is_last=is_last):
            candidate_ids = {candidate for act in acts for candidate in act.candidate_ids}
            known = {(event.source, event.event_id) for event in self.log if event.event_id in candidate_ids}
            recognise_published(acts, known, self._within, self.translator.board_id_of, self.reader.has_seen)
            self.log += self.translator.events(acts)
        return self.log[start:]

    def _within(self, acts: list[MarcusAct], since: datetime, until: datetime) -> list[Event]:
        return [event for event in self.log if since <= event.timestamp < until]


def read_once(root: Path, log: list[Event] | None = None, board: str | None = None) -> list[Event]:
    """Return the events that reading an installation adds to a log."""
    return Session(root, board, list(log or [])).scan()


def counts(events: list[Event]) -> Counter[str]:
    return Counter(event.event_type for event in events)


def of_type(events: list[Event], event_type: str) -> list[Event]:
    return [event for event in events if event.event_type == event_type]
