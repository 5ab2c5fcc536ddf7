"""A follower's state and totals as an immutable value that any thread may read."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from marcus_events.sources.marcus.installation import UnreadFile
from marcus_events.sources.marcus.line_occurrences import DISTANT_PAST, Occurrences
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable, id_digest

MAX_NAMED = 100  # newest unreadable and refused lines that are listed


class Activity(StrEnum):
    STARTING = "starting"
    WAITING = "waiting"  # Marcus has not written anything yet, or its folder is missing
    FOLLOWING = "following"
    DATABASE_AWAY = "database_away"
    STOPPED = "stopped"


@dataclass(frozen=True)
class LastLine:
    """The line that was read last; `at` is its own time, `read_at` when it was read."""

    where: str
    at: datetime
    read_at: datetime


@dataclass(frozen=True)
class FollowingState:
    """A snapshot of a follower.

    - `since`: when it started; `scanned_at`: when its last scan ended
    - `new`, `known`: events added to the log, and events that it already held
    - `unreadable`: lines that cannot become events; `unreadable_lines`: the newest of them
    - `refused`: events that the log rejected; `refused_lines`: the newest of them
    - `repaired`: damaged lines from which records were recovered
    - `held_back`: records whose time has no zone and cannot be UTC
    - `left_out`: conversation lines that report no act
    - `on_no_board`: events that name neither project nor task, where there are several projects
    - `waiting`: agents' requests without a reply from Marcus
    - `behind_bytes`: bytes not read yet
    - `unread_files`: files that look like logs and were not read, or not completely
    """

    root: Path
    activity: Activity
    since: datetime
    scanned_at: datetime | None
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


def bounded_lines() -> deque[Unreadable]:
    return deque(maxlen=MAX_NAMED)


@dataclass
class Totals:
    """Counts since the start. What is read again is counted once."""

    outcome: Outcome = field(default_factory=Outcome)
    unreadable: int = 0
    unreadable_lines: deque[Unreadable] = field(default_factory=bounded_lines)
    refused: int = 0
    refused_lines: deque[Unreadable] = field(default_factory=bounded_lines)
    ignored_lines: int = 0
    repaired: int = 0
    held_back: int = 0
    on_no_board: Counter[str] = field(default_factory=Counter)  # by type of event
    waiting: int = 0  # agents' requests without a reply
    _seen: Occurrences = field(default_factory=Occurrences)

    @property
    def events(self) -> str:
        return f"{self.outcome.new:,} new, {self.outcome.known:,} known"

    def add_unreadable(self, item: Unreadable) -> bool:
        """Return whether the item is new. A fault of a whole file is not counted."""
        if not self._is_new(item):
            return False
        if item.is_line:
            self.unreadable += 1
            self.unreadable_lines.append(item)
        return True

    def add_refused(self, item: Unreadable) -> bool:
        if not self._is_new(item):
            return False
        self.refused += 1
        self.refused_lines.append(item)
        return True

    def _is_new(self, item: Unreadable) -> bool:
        """Needs eight bytes per item, so a million unreadable lines are affordable."""
        return self._seen.count(id_digest(item.key or f"{item.where} {item.reason}"), DISTANT_PAST) == 1

    def __str__(self) -> str:
        more = ((self.refused, "rejected"), (self.repaired, "repaired"), (self.held_back, "held back"))
        counts = [self.events, f"{self.unreadable:,} unreadable", *(f"{n:,} {name}" for n, name in more if n)]
        left_out = f"; skipped {self.ignored_lines:,} lines of conversation" if self.ignored_lines else ""
        return ", ".join(counts) + left_out + self._on_no_board + self._waiting

    @property
    def _on_no_board(self) -> str:
        named = ", ".join(f"{count:,} {event_type}" for event_type, count in self.on_no_board.most_common())
        return f"; without a board: {named}" if named else ""

    @property
    def _waiting(self) -> str:
        return f"; {self.waiting:,} without Marcus's answer yet" if self.waiting else ""
