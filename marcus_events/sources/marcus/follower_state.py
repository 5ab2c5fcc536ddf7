"""What a follower does and has found so far, as one value that any thread may read: for the summary and for a page."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from marcus_events.sources.marcus.installation import UnreadFile
from marcus_events.sources.marcus.line_occurrences import LONG_AGO, Occurrences
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable, id_digest

NAMED = 100  # of the unreadable and of the refused lines, the newest


class Activity(StrEnum):
    STARTING = "starting"
    WAITING = "waiting"  # Marcus has not written anything, or its folder is gone
    FOLLOWING = "following"
    DATABASE_AWAY = "database_away"
    STOPPED = "stopped"


@dataclass(frozen=True)
class LastLine:
    """The line that was read last; `at` is the time that it names, `read_at` when that was."""

    where: str
    at: datetime
    read_at: datetime


@dataclass(frozen=True)
class FollowingState:
    """A follower as of one moment.

    - `since`: when it began; `looked_at`: when its last look ended
    - `new`, `known`: events added to the log, and those that it held already
    - `unreadable`: lines that cannot be an event; `unreadable_lines`: the newest of them, with file and line
    - `refused`: events that the log did not take; `refused_lines`: the newest of them
    - `repaired`: lines of which records were rescued
    - `held_back`: records whose time names no zone and cannot be UTC
    - `left_out`: lines of talk
    - `on_no_board`: events that name neither project nor task, where there are several projects
    - `waiting`: requests of agents that Marcus has not answered
    - `behind_bytes`: what is there and has not been read yet
    - `unread_files`: every file that looks like a log and of which nothing, or not all, was read
    """

    root: Path
    activity: Activity
    since: datetime
    looked_at: datetime | None
    last_line: LastLine | None
    new: int
    known: int
    unreadable: int
    unreadable_lines: tuple[Unreadable, ...]
    refused: int
    refused_lines: tuple[Unreadable, ...]
    repaired: int
    held_back: int
    left_out: int
    on_no_board: int
    waiting: int
    behind_bytes: int
    unread_files: tuple[UnreadFile, ...]


def newest() -> deque[Unreadable]:
    return deque(maxlen=NAMED)


@dataclass
class Totals:
    """Everything so far. What is read again is counted once."""

    outcome: Outcome = field(default_factory=Outcome)
    unreadable: int = 0
    unreadable_lines: deque[Unreadable] = field(default_factory=newest)
    refused: int = 0
    refused_lines: deque[Unreadable] = field(default_factory=newest)
    talk: int = 0
    repaired: int = 0
    held_back: int = 0
    on_no_board: Counter[str] = field(default_factory=Counter)  # by type of event
    waiting: int = 0  # requests of agents, for Marcus's answer
    _named: Occurrences = field(default_factory=Occurrences)

    @property
    def events(self) -> str:
        return f"{self.outcome.new:,} new, {self.outcome.known:,} known"

    def note_unreadable(self, item: Unreadable) -> bool:
        """Whether it is the first time that it is named. What is said of a whole file is not counted."""
        if not self._is_new(item):
            return False
        if item.is_line:
            self.unreadable += 1
            self.unreadable_lines.append(item)
        return True

    def note_refused(self, item: Unreadable) -> bool:
        if not self._is_new(item):
            return False
        self.refused += 1
        self.refused_lines.append(item)
        return True

    def _is_new(self, item: Unreadable) -> bool:
        """A million unreadable lines take eight bytes each."""
        return self._named.count(id_digest(item.key or f"{item.where} {item.reason}"), LONG_AGO) == 1

    def __str__(self) -> str:
        more = ((self.refused, "rejected"), (self.repaired, "repaired"), (self.held_back, "held back"))
        counts = [self.events, f"{self.unreadable:,} unreadable", *(f"{n:,} {name}" for n, name in more if n)]
        left_out = f"; skipped {self.talk:,} lines of conversation" if self.talk else ""
        return ", ".join(counts) + left_out + self._on_no_board + self._waiting

    @property
    def _on_no_board(self) -> str:
        named = ", ".join(f"{count:,} {event_type}" for event_type, count in self.on_no_board.most_common())
        return f"; without a board: {named}" if named else ""

    @property
    def _waiting(self) -> str:
        return f"; {self.waiting:,} without Marcus's answer yet" if self.waiting else ""
