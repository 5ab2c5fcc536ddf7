"""`manage.py follow PATH [--once | --check] [--board NAME] [--timezone NAME]`: reads and follows a Marcus
installation.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from marcus_events.core.lifecycle import stop_services
from marcus_events.management.board_check import check_board
from marcus_events.management.prepare_database import prepare_database
from marcus_events.sources.marcus.board import UnknownBoard
from marcus_events.sources.marcus.follower import Follower, NoMarcus
from marcus_events.sources.marcus.follower_state import FollowingState, Totals
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable
from marcus_events.sources.marcus.sqlite_files import SqliteBusy

REFRESH_S = 0.2  # of the progress line on a terminal
REPORT_S = 5.0  # between progress lines elsewhere
MEGABYTE = 1_000_000


class Command(BaseCommand):
    help = "Imports the events of a Marcus installation from its data/ and logs/, and follows them. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder where Marcus was started; contains data/ and logs/")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="import what exists, then exit")
        how.add_argument(
            "--check",
            action="store_true",
            help="do not follow; compare Marcus's own board with this log and exit with 1 if they differ",
        )
        parser.add_argument(
            "--board",
            metavar="NAME",
            help="another name for the board; with several boards, the board for events that name none",
        )
        parser.add_argument(
            "--timezone",
            metavar="NAME",
            type=zone,
            help="time zone for times without one, such as Europe/Berlin (Marcus 0.1.x wrote local time)",
        )

    def handle(
        self, *, path: Path, once: bool, check: bool, board: str | None, timezone: ZoneInfo | None, **options: Any
    ) -> None:
        if path.exists() and not path.is_dir():
            raise CommandError(f"{path} is not a folder. Use the folder where Marcus was started.")
        prepare_database()
        if check:
            self.compare(path, board)
            return
        display = Display(self.stdout, sys.stderr)
        follower = Follower(path, board, display, stop_on_signal(), timezone)
        try:
            follower.once() if once else follower.run()
        except (NoMarcus, UnknownBoard, SqliteBusy) as error:
            raise CommandError(str(error)) from error
        finally:
            follower.close()
            stop_services()
        display.end(follower.total, follower.state)
        if once and follower.stop.is_set():
            raise CommandError("Stopped before the end. Run the command again to import the rest.")

    def compare(self, path: Path, board: str | None) -> None:
        try:
            is_equal = check_board(path, board, self.stdout.write)
        except UnknownBoard as error:
            raise CommandError(str(error)) from error
        if not is_equal:
            raise CommandError("Marcus's board and this log differ.")


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ArgumentTypeError(f"Unknown time zone “{name}”. Use a name such as Europe/Berlin.") from error


def stop_on_signal() -> threading.Event:
    """Return an event that SIGTERM or Ctrl-C sets. Outside the main thread, where signals cannot be handled, nothing
    sets it.
    """
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    return stop


class Display:
    """Writes results to standard output, and messages and progress to standard error."""

    def __init__(self, out: OutputWrapper, err: IO[str]) -> None:
        self.out, self.err = out, err
        self.is_terminal = err.isatty()
        self._started: float | None = None  # when the first acts of the scan were published
        self._shown_at = 0.0
        self._has_line = False

    def report_message(self, text: str) -> None:
        self._clear()
        print(text, file=self.err, flush=True)

    def report_unreadable(self, item: Unreadable) -> None:
        self.report_message(f"{item.where} {item.reason}")

    def report_scan(self, outcome: Outcome) -> None:
        self._started = None
        self._clear()
        if outcome.new:
            self.out.write(f"{time.strftime('%H:%M:%S')}  {outcome.new:,} new")
            self.out.flush()

    def progress(self, read: int, size: int, total: Totals) -> None:
        """Show progress at intervals, for a scan that takes long."""
        now = time.monotonic()
        if self._started is None:
            self._started = self._shown_at = now
        if now - self._shown_at < (REFRESH_S if self.is_terminal else REPORT_S):
            return
        self._shown_at = now
        text = f"{read / MEGABYTE:,.1f} of {size / MEGABYTE:,.1f} MB read: {total.events}"
        self._clear()
        print(text, file=self.err, end="" if self.is_terminal else "\n", flush=True)
        self._has_line = self.is_terminal

    def end(self, total: Totals, state: FollowingState) -> None:
        self._clear()
        self.out.write(str(total))
        for file in state.unread_files:
            self.out.write(f"Not read: {file.name} {file.reason}")

    def _clear(self) -> None:
        if self._has_line:
            print("\r\033[K", file=self.err, end="")
        self._has_line = False
