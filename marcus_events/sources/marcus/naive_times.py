"""Times without a zone, as Marcus 0.1.x wrote them: local ones.

With a zone (`--timezone`) they are times of that zone:

- An hour that a clock change repeats: the first of the two, unless that lies over a minute before the time of the line
  before it in the same file; then the second.
- An hour that a clock change leaves out: the clock had not been put forward yet, so 02:30 is 03:30.

Without a zone they are UTC, as long as that can be. One that lies ahead of when its file was last written cannot be
UTC. From then on times without a zone are held back, and reported: an event cannot be corrected once it is in the log.
A file whose times end long before it was written may be one of local times, or a copy: it is read, and reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from marcus_events.sources.marcus.records import Unreadable, in_years, parsed

FAR = timedelta(minutes=15)  # clocks differ by less, zones by more
OUT_OF_ORDER = timedelta(minutes=1)  # lines of a file may be so much out of order
ADVICE = "Set the zone with --timezone, or confirm with --timezone UTC"


class Times:
    """The times of an installation. `doubt` says of one that was met why it cannot be UTC; empty if none was."""

    def __init__(self, zone: ZoneInfo | None = None, report: Callable[[Unreadable], None] = lambda _: None) -> None:
        self.zone, self.report = zone, report
        self.doubt = ""
        self.held_back = 0
        self._reported: set[str] = set()

    def of(self, name: str) -> FileTimes:
        return FileTimes(self, name)

    def report_once(self, name: str, where: str, reason: str) -> None:
        """A report for a file, named with its line."""
        if name not in self._reported:
            self._reported.add(name)
            self.report(Unreadable(where, f"{reason}. {ADVICE}", is_line=False))


class FileTimes:
    """The times of one file, in the order of its lines; a function from what is written to a moment in UTC."""

    def __init__(self, times: Times, name: str) -> None:
        self.times, self.name = times, name
        self.written_at = datetime.max.replace(tzinfo=UTC)
        self.is_naive = False
        self._last: datetime | None = None

    def begin(self, written_at: float, now: datetime, last_stamp: object = None) -> None:
        """Before a look at the file. If the last of its times cannot be UTC, none of them is."""
        self.written_at = min(datetime.fromtimestamp(written_at, UTC), now)
        self.is_naive = False
        if self.times.zone is None and (found := parsed(last_stamp)) and found.tzinfo is None:
            self._doubt(found.replace(tzinfo=UTC))

    def __call__(self, stamp: object) -> datetime | None:
        found = parsed(stamp)
        self.is_naive = found is not None and found.tzinfo is None
        if found is None:
            return None
        try:
            at = in_years((self._local(found) if self.is_naive else found).astimezone(UTC))
        except OverflowError:
            return None
        self._last = at or self._last
        return at

    def _local(self, naive: datetime) -> datetime:
        zone = self.times.zone or UTC
        first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        is_repeated = first.utcoffset() != second.utcoffset() and first.astimezone(UTC) < second.astimezone(UTC)
        is_before = self._last is not None and first.astimezone(UTC) < self._last - OUT_OF_ORDER
        return second if is_repeated and is_before else first

    def of_row(self, stamp: object) -> datetime | None:
        """A time on the board, whose rows are in no order. It is taken in any case, and reported
        where it cannot be UTC.
        """
        self._last = None
        at = self(stamp)
        if at and self.is_naive and self.times.zone is None and at - self.written_at > FAR:
            ahead = words(at - self.written_at)
            reason = f"has a time without a zone, {at:%Y-%m-%d %H:%M:%S}, {ahead} ahead of when it was written"
            self.times.report_once(self.name, self.name, f"{reason}. It is read as UTC")
        return at

    def holds_back(self, at: datetime, where: str) -> bool:
        """Whether a record with the time that was asked for last must not be published yet."""
        if self.times.zone is not None or not self.is_naive:
            return False
        self._doubt(at)
        if self.times.doubt:
            self.times.held_back += 1
            reason = f"has a time without a zone and is held back like all such records: {self.times.doubt}"
            self.times.report_once(self.name, where, reason)
        return bool(self.times.doubt)

    def _doubt(self, at: datetime) -> None:
        if at - self.written_at > FAR and not self.times.doubt:
            ahead = words(at - self.written_at)
            self.times.doubt = f"{at:%Y-%m-%d %H:%M:%S} is {ahead} ahead of when {self.name} was written"

    def end(self) -> None:
        """After the last line: report a file whose times end long before it was written."""
        is_open = self.times.zone is None and self.is_naive and not self.times.doubt
        if is_open and self._last and self.written_at - self._last > FAR:
            behind = words(self.written_at - self._last)
            reason = f"has times without a zone, which end {behind} before it was written. They are read as UTC"
            self.times.report_once(self.name, self.name, reason)


def words(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes:,} min" if minutes < 120 else f"{round(minutes / 60):,} h"


def stamp_in(line: bytes) -> object:
    """The time that a line names, if it is a record."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return body.get("timestamp") if isinstance(body, dict) else None
