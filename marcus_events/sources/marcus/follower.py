"""Follows an installation: look, publish, wait for a change, look again.

1. Until Marcus is there, wait (a single look refuses instead).
2. Look over everything, in batches, and publish what the log does not hold; then what only the board tells, see
   `reconcile`.
3. A record that came too late for its act asks for a new reader, which reads everything again: what is known
   stays known. That is done at most so often that reading again takes a tenth of the time.
4. Wait for a change, at most a second, and look again.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from marcus_events.core.event import utc_now
from marcus_events.sources.marcus.act_events import Translator
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.change_watch import ChangeWatch
from marcus_events.sources.marcus.follow_lock import FollowLock
from marcus_events.sources.marcus.follower_state import Activity, FollowingState, LastLine, Totals
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.publisher import Outcome, Publisher, Stopped
from marcus_events.sources.marcus.reader import InstallationReader
from marcus_events.sources.marcus.reconciliation import Reconciler
from marcus_events.sources.marcus.records import Unreadable
from marcus_events.sources.marcus.sqlite_files import Database, SqliteBusy
from marcus_events.sources.marcus.task_outcomes import completed_at

BUSY_LOOKS = 5  # in a row, a second apart, before a person is told that a database cannot be read
BUSY_LOOKS_ONCE = 30
READ_AGAIN_SHARE = 10  # times as long as reading again took, until the next time


class NoMarcus(FileNotFoundError):
    """There is no Marcus installation at the path."""


class FollowReporter(Protocol):
    """Who shows what the follower does."""

    def say(self, text: str) -> None: ...
    def complain(self, item: Unreadable) -> None: ...
    def progress(self, read: int, size: int, total: Totals) -> None: ...
    def looked(self, outcome: Outcome) -> None: ...


class Follower:
    """Follows the installation at `root` until `stop` is set."""

    def __init__(
        self,
        root: Path,
        board: str | None,
        listener: FollowReporter,
        stop: threading.Event,
        zone: ZoneInfo | None = None,
        *,
        is_confined: bool = False,
    ) -> None:
        self.installation, self.board, self.zone = Installation(root, is_confined), board, zone
        self.listener, self.stop = listener, stop
        self.total = Totals()
        self._activity, self._since = Activity.STARTING, utc_now()
        self._looked_at: datetime | None = None
        self._last_line: LastLine | None = None
        self._outcomes = Database(self.installation.events)
        self._turns = FollowLock(root)
        self._busy_looks = 0
        self._is_reading_again = self._has_greeted = False
        self._read_again_after = 0.0  # on the monotonic clock
        self._begin()
        self.state = self._state()

    def _begin(self) -> None:
        boards = Boards(self.board)
        self._reader = InstallationReader(self.installation, boards, self._complain, self.zone)
        self._translator, is_seen = Translator(boards), self._reader.has_seen
        say, refuse = self._say_of_database, self._refuse
        self._publisher = Publisher(self._translator, is_seen, self._turns, self.stop, say, refuse)
        self._reconciler = Reconciler(boards, self._publisher.history, self._completed_at)

    def close(self) -> None:
        """After the last look."""
        self._turns.close()
        self._become(Activity.STOPPED)

    def _become(self, activity: Activity) -> None:
        self._activity = activity
        self.state = self._state()

    def _state(self) -> FollowingState:
        total, (read, size) = self.total, self._reader.progress
        return FollowingState(
            root=self.installation.root,
            activity=self._activity,
            since=self._since,
            looked_at=self._looked_at,
            last_line=self._last_line,
            new=total.outcome.new,
            known=total.outcome.known,
            unreadable=total.unreadable,
            unreadable_lines=tuple(total.unreadable_lines),
            refused=total.refused,
            refused_lines=tuple(total.refused_lines),
            repaired=total.repaired,
            held_back=total.held_back,
            left_out=total.talk,
            on_no_board=total.on_no_board.total(),
            waiting=total.waiting,
            behind_bytes=max(size - read, 0),
            unread_files=tuple(self._reader.logs.unread),
        )

    def once(self) -> None:
        """One look, to the end. Raises NoMarcus, UnknownBoard, Busy."""
        if not self.installation.exists():
            raise NoMarcus(
                f"No Marcus files in {self.installation.root}: it needs data/marcus.db, data/kanban.db or files under"
                " logs/. Use the folder where Marcus was started."
            )
        self._look(is_last=True)
        while self._reader.is_busy and not self.stop.is_set():
            if self._busy_looks > BUSY_LOOKS_ONCE:
                raise SqliteBusy("A Marcus database is constantly being written and could not be read.")
            self.stop.wait(1)
            self._look(is_last=True)

    def run(self) -> None:
        """Look until stopped. Raises UnknownBoard."""
        changes = ChangeWatch(self.stop)
        self._wait_for_marcus(f"Waiting for Marcus: no files in {self.installation.root} yet.")
        while not self.stop.is_set():
            if self._has_greeted and self._wait_for_marcus(f"Marcus's files are gone from {self.installation.root}."):
                self.listener.say("Marcus's files are back.")
            self._look()
            self._greet()
            if self._reader.is_late and time.monotonic() > self._read_again_after:
                self._read_again()
            changes.wait(self.installation.folders)

    def _wait_for_marcus(self, why: str) -> bool:
        """Whether there was something to wait for, and it has come."""
        if self.installation.exists():
            return False
        self._become(Activity.WAITING)
        self.listener.say(why)
        while not self.installation.exists():
            if self.stop.wait(1):
                return False
        return True

    def _greet(self) -> None:
        if not (self._has_greeted or self.stop.is_set()):
            self._has_greeted = True
            self.listener.say(f"Up to date: {self.total}. Following {self.installation.root}. Press Ctrl-C to stop.")

    def _read_again(self) -> None:
        started = time.monotonic()
        self._begin()
        self._is_reading_again = True
        self._look()
        self._is_reading_again = False
        self._read_again_after = time.monotonic() + READ_AGAIN_SHARE * (time.monotonic() - started)

    def _look(self, *, is_last: bool = False) -> None:
        outcome, touched = Outcome(), set[str]()
        try:
            with self._publisher.turn():
                for acts in self._reader.look(utc_now(), is_last=is_last):
                    outcome += self._publish(acts)
                    touched |= {str(act.preferred.data.get("task_id")) for act in acts}
                    if self.stop.is_set():
                        return
                outcome += self._reconcile(touched, is_last=is_last)
        except Stopped:
            return
        self._note_counts()
        self._note_busy()
        self._looked_at = utc_now()
        self._become(Activity.FOLLOWING)
        self.listener.looked(outcome)

    def _publish(self, acts: list[MarcusAct]) -> Outcome:
        outcome = self._publisher.publish(acts)
        if self._is_reading_again:
            outcome.known = 0
        self.total.outcome += outcome
        self._note_counts()
        self._become(Activity.FOLLOWING)
        self.listener.progress(*self._reader.progress, self.total)
        return outcome

    def _reconcile(self, touched: set[str], *, is_last: bool) -> Outcome:
        """Publish what only the board tells."""
        outcome, reader = Outcome(), self._reader
        for events in self._reconciler.events(reader.cards, touched, reader.waiting_tasks, is_last=is_last):
            outcome += self._publisher.tell(events)
            if self.stop.is_set():
                raise Stopped
        self.total.outcome += outcome
        return outcome

    def _completed_at(self, task_id: str) -> datetime | None:
        return completed_at(self._outcomes, task_id)

    def _note_busy(self) -> None:
        self._busy_looks = self._busy_looks + 1 if self._reader.is_busy else 0
        if self._busy_looks == BUSY_LOOKS:
            self.listener.say("A Marcus database is constantly being written. Retrying every second.")

    def _note_counts(self) -> None:
        total, reader = self.total, self._reader
        total.talk = max(total.talk, reader.talk)
        total.repaired = max(total.repaired, reader.logs.repaired)
        total.held_back = max(total.held_back, reader.times.held_back)
        total.on_no_board |= self._translator.on_no_board
        total.waiting = reader.waiting
        if record := reader.last_read:
            self._last_line = LastLine(record.where, record.at, utc_now())
            reader.last_read = None
        for file in reader.logs.unread:
            self._complain(Unreadable(file.name, file.reason, is_line=False))

    def _complain(self, item: Unreadable) -> None:
        """Name what cannot be read, once."""
        if self.total.note_unreadable(item):
            self.listener.complain(item)

    def _refuse(self, item: Unreadable) -> None:
        if self.total.note_refused(item):
            self.listener.complain(item)

    def _say_of_database(self, text: str, *, is_away: bool) -> None:
        self._become(Activity.DATABASE_AWAY if is_away else Activity.FOLLOWING)
        self.listener.say(text)
