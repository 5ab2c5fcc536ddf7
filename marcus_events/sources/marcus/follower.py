"""Follows an installation: scan, publish, wait for a change, repeat.

1. Wait until Marcus's files exist (a single scan raises an error instead).
2. Scan everything in batches and publish what the log does not hold, then changes that only the board shows, see
   `reconciliation`.
3. A record that arrives too late for its act requires a new reader, which reads everything again; published acts are
   recognised. Rereading takes at most about a tenth of the time.
4. Wait for a change, at most one second, and scan again.
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
from marcus_events.sources.marcus.task_outcomes import find_completed_at

MAX_BUSY_SCANS = 5  # in a row, one second apart, before a message says that a database cannot be read
MAX_BUSY_SCANS_ONCE = 30
REREAD_INTERVAL_FACTOR = 10  # multiple of the last reread's duration until the next one


class NoMarcus(FileNotFoundError):
    """The path holds no Marcus installation."""


class FollowReporter(Protocol):
    """Shows what the follower does."""

    def report_message(self, text: str) -> None: ...
    def report_unreadable(self, item: Unreadable) -> None: ...
    def progress(self, read: int, size: int, total: Totals) -> None: ...
    def report_scan(self, outcome: Outcome) -> None: ...


class Follower:
    """Follows the installation at `root` until `stop` is set."""

    def __init__(
        self,
        root: Path,
        board: str | None,
        reporter: FollowReporter,
        stop: threading.Event,
        zone: ZoneInfo | None = None,
        *,
        is_confined: bool = False,
    ) -> None:
        self.installation, self.board, self.zone = Installation(root, is_confined), board, zone
        self.reporter, self.stop = reporter, stop
        self.total = Totals()
        self._activity, self._since = Activity.STARTING, utc_now()
        self._scanned_at: datetime | None = None
        self._last_line: LastLine | None = None
        self._outcomes = Database(self.installation.events)
        self._lock = FollowLock(root)
        self._busy_scans = 0
        self._is_rereading = self._is_up_to_date_reported = False
        self._reread_after = 0.0  # on the monotonic clock
        self._open_reader()
        self.state = self._state()

    def _open_reader(self) -> None:
        boards = Boards(self.board)
        self._reader = InstallationReader(self.installation, boards, self._report_unreadable, self.zone)
        self._translator, is_seen = Translator(boards), self._reader.has_seen
        report_database, report_refused = self._report_database, self._report_refused
        self._publisher = Publisher(self._translator, is_seen, self._lock, self.stop, report_database, report_refused)
        self._reconciler = Reconciler(boards, self._publisher.history, self._completed_at)

    def close(self) -> None:
        """Release the lock after the last scan."""
        self._lock.close()
        self._set_activity(Activity.STOPPED)

    def _set_activity(self, activity: Activity) -> None:
        self._activity = activity
        self.state = self._state()

    def _state(self) -> FollowingState:
        total, (read, size) = self.total, self._reader.progress
        return FollowingState(
            root=self.installation.root,
            activity=self._activity,
            since=self._since,
            scanned_at=self._scanned_at,
            last_line=self._last_line,
            new=total.outcome.new,
            known=total.outcome.known,
            unreadable=total.unreadable,
            unreadable_lines=tuple(total.unreadable_lines),
            refused=total.refused,
            refused_lines=tuple(total.refused_lines),
            repaired=total.repaired,
            held_back=total.held_back,
            left_out=total.ignored_lines,
            on_no_board=total.on_no_board.total(),
            waiting=total.waiting,
            behind_bytes=max(size - read, 0),
            unread_files=tuple(self._reader.logs.unread),
        )

    def once(self) -> None:
        """Scan once, completely. Raises NoMarcus, UnknownBoard, SqliteBusy."""
        if not self.installation.exists():
            raise NoMarcus(
                f"No Marcus files in {self.installation.root}: it needs data/marcus.db, data/kanban.db or files under"
                " logs/. Use the folder where Marcus was started."
            )
        self._scan(is_last=True)
        while self._reader.is_busy and not self.stop.is_set():
            if self._busy_scans > MAX_BUSY_SCANS_ONCE:
                raise SqliteBusy("A Marcus database is constantly being written and could not be read.")
            self.stop.wait(1)
            self._scan(is_last=True)

    def run(self) -> None:
        """Scan until stopped. Raises UnknownBoard."""
        changes = ChangeWatch(self.stop)
        self._wait_for_marcus(f"Waiting for Marcus: no files in {self.installation.root} yet.")
        while not self.stop.is_set():
            if self._is_up_to_date_reported and self._wait_for_marcus(
                f"Marcus's files are gone from {self.installation.root}."
            ):
                self.reporter.report_message("Marcus's files are back.")
            self._scan()
            self._report_up_to_date()
            if self._reader.is_late and time.monotonic() > self._reread_after:
                self._reread()
            changes.wait(self.installation.folders)

    def _wait_for_marcus(self, reason: str) -> bool:
        """Wait for Marcus's files. Return whether they were missing and have appeared."""
        if self.installation.exists():
            return False
        self._set_activity(Activity.WAITING)
        self.reporter.report_message(reason)
        while not self.installation.exists():
            if self.stop.wait(1):
                return False
        return True

    def _report_up_to_date(self) -> None:
        if not (self._is_up_to_date_reported or self.stop.is_set()):
            self._is_up_to_date_reported = True
            self.reporter.report_message(
                f"Up to date: {self.total}. Following {self.installation.root}. Press Ctrl-C to stop."
            )

    def _reread(self) -> None:
        started = time.monotonic()
        self._open_reader()
        self._is_rereading = True
        self._scan()
        self._is_rereading = False
        self._reread_after = time.monotonic() + REREAD_INTERVAL_FACTOR * (time.monotonic() - started)

    def _scan(self, *, is_last: bool = False) -> None:
        outcome, touched = Outcome(), set[str]()
        try:
            with self._publisher.locked():
                begun_at = utc_now()
                for acts in self._reader.scan(begun_at, is_last=is_last):
                    outcome += self._note_published(self._publisher.publish(acts))
                    touched.update(str(act.preferred.data.get("task_id")) for act in acts)
                    if self.stop.is_set():
                        break
                outcome += self._note_published(self._publisher.finish())
                if self.stop.is_set():
                    return
                outcome += self._reconcile(touched, begun_at, is_last=is_last)
        except Stopped:
            return
        self._note_counts()
        self._note_busy()
        self._scanned_at = utc_now()
        self._set_activity(Activity.FOLLOWING)
        self.reporter.report_scan(outcome)

    def _note_published(self, outcome: Outcome) -> Outcome:
        if self._is_rereading:
            outcome.known = 0
        self.total.outcome += outcome
        self._note_counts()
        self._set_activity(Activity.FOLLOWING)
        self.reporter.progress(*self._reader.progress, self.total)
        return outcome

    def _reconcile(self, touched: set[str], begun_at: datetime, *, is_last: bool) -> Outcome:
        """Publish changes that only the board shows."""
        outcome, reader = Outcome(), self._reader
        waiting = reader.waiting_tasks
        for events in self._reconciler.events(reader.cards, touched, waiting, begun_at, is_last=is_last):
            outcome += self._publisher.publish_board_events(events)
            if self.stop.is_set():
                raise Stopped
        self.total.outcome += outcome
        return outcome

    def _completed_at(self, task_id: str) -> datetime | None:
        return find_completed_at(self._outcomes, task_id)

    def _note_busy(self) -> None:
        self._busy_scans = self._busy_scans + 1 if self._reader.is_busy else 0
        if self._busy_scans == MAX_BUSY_SCANS:
            self.reporter.report_message("A Marcus database is constantly being written. Retrying every second.")

    def _note_counts(self) -> None:
        total, reader = self.total, self._reader
        total.ignored_lines = max(total.ignored_lines, reader.ignored_lines)
        total.repaired = max(total.repaired, reader.logs.repaired)
        total.held_back = max(total.held_back, reader.times.held_back)
        total.on_no_board |= self._translator.on_no_board
        total.waiting = reader.waiting
        if record := reader.last_read:
            self._last_line = LastLine(record.where, record.at, utc_now())
            reader.last_read = None
        for file in reader.logs.unread:
            self._report_unreadable(Unreadable(file.name, file.reason, is_line=False))

    def _report_unreadable(self, item: Unreadable) -> None:
        """Report each item once."""
        if self.total.add_unreadable(item):
            self.reporter.report_unreadable(item)

    def _report_refused(self, item: Unreadable) -> None:
        if self.total.add_refused(item):
            self.reporter.report_unreadable(item)

    def _report_database(self, text: str, *, is_away: bool) -> None:
        self._set_activity(Activity.DATABASE_AWAY if is_away else Activity.FOLLOWING)
        self.reporter.report_message(text)
