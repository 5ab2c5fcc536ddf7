"""Converts times without a zone, as Marcus 0.1.x wrote them in local time.

With a zone (`--timezone`) they are times of that zone:

- In an hour repeated by a clock change, the first occurrence is meant, unless it lies over a minute before the previous
  line of the same file; then the second.
- In an hour skipped by a clock change, the clock had not been put forward yet: 02:30 means 03:30.

Without a zone they are taken as UTC. A time ahead of the file's last modification cannot be UTC. From then on, times
without a zone are held back and reported, because an event cannot be corrected once it is in the log. A file whose
times end long before its last modification may have local times or be a copy: it is read and reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from marcus_events.sources.marcus.records import Unreadable, parse_iso, within_years

TOLERANCE = timedelta(minutes=15)  # clocks differ by less, time zones by more
MAX_DISORDER = timedelta(minutes=1)  # how far lines of a file may be out of order
ADVICE = "Set the zone with --timezone, or confirm with --timezone UTC"


class InstallationTimes:
    """The time settings of an installation. `doubt` says why its times without a zone cannot be UTC; "" if they may
    be.
    """

    def __init__(self, zone: ZoneInfo | None = None, report: Callable[[Unreadable], None] = lambda _: None) -> None:
        self.zone, self.report = zone, report
        self.doubt = ""
        self.held_back = 0
        self._reported: set[str] = set()

    def of(self, name: str) -> FileTimes:
        return FileTimes(self, name)

    def report_once(self, name: str, where: str, reason: str) -> None:
        """Report a file once, at one of its lines."""
        if name not in self._reported:
            self._reported.add(name)
            self.report(Unreadable(where, f"{reason}. {ADVICE}", is_line=False))


class FileTimes:
    """Converts the times of one file to UTC, in the order of its lines."""

    def __init__(self, times: InstallationTimes, name: str) -> None:
        self.times, self.name = times, name
        self.written_at = datetime.max.replace(tzinfo=UTC)
        self.is_naive = False
        self._last: datetime | None = None

    def begin(self, written_at: float, now: datetime, last_stamp: object = None) -> None:
        """Prepare for a scan. If the file's last time cannot be UTC, none of them is."""
        self.written_at = min(datetime.fromtimestamp(written_at, UTC), now)
        self.is_naive = False
        if self.times.zone is None and (found := parse_iso(last_stamp)) and found.tzinfo is None:
            self._check_utc(found.replace(tzinfo=UTC))

    def __call__(self, stamp: object) -> datetime | None:
        found = parse_iso(stamp)
        self.is_naive = found is not None and found.tzinfo is None
        if found is None:
            return None
        try:
            at = within_years((self._local(found) if self.is_naive else found).astimezone(UTC))
        except OverflowError:
            return None
        self._last = at or self._last
        return at

    def _local(self, naive: datetime) -> datetime:
        zone = self.times.zone or UTC
        first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        is_repeated = first.utcoffset() != second.utcoffset() and first.astimezone(UTC) < second.astimezone(UTC)
        is_before = self._last is not None and first.astimezone(UTC) < self._last - MAX_DISORDER
        return second if is_repeated and is_before else first

    def parse_row_time(self, stamp: object) -> datetime | None:
        """Convert a time on the board, whose rows have no order. Reports, but accepts, a time that cannot be UTC."""
        self._last = None
        at = self(stamp)
        if at and self.is_naive and self.times.zone is None and at - self.written_at > TOLERANCE:
            ahead = format_span(at - self.written_at)
            reason = f"has a time without a zone, {at:%Y-%m-%d %H:%M:%S}, {ahead} ahead of when it was written"
            self.times.report_once(self.name, self.name, f"{reason}. It is read as UTC")
        return at

    def holds_back(self, at: datetime, where: str) -> bool:
        """Return whether the record with the last converted time must not be published yet."""
        if self.times.zone is not None or not self.is_naive:
            return False
        self._check_utc(at)
        if self.times.doubt:
            self.times.held_back += 1
            reason = f"has a time without a zone and is held back like all such records: {self.times.doubt}"
            self.times.report_once(self.name, where, reason)
        return bool(self.times.doubt)

    def _check_utc(self, at: datetime) -> None:
        if at - self.written_at > TOLERANCE and not self.times.doubt:
            ahead = format_span(at - self.written_at)
            self.times.doubt = f"{at:%Y-%m-%d %H:%M:%S} is {ahead} ahead of when {self.name} was written"

    def end(self) -> None:
        """Report, after the last line, a file whose times end long before its last modification."""
        is_open = self.times.zone is None and self.is_naive and not self.times.doubt
        if is_open and self._last and self.written_at - self._last > TOLERANCE:
            behind = format_span(self.written_at - self._last)
            reason = f"has times without a zone, which end {behind} before it was written. They are read as UTC"
            self.times.report_once(self.name, self.name, reason)


def format_span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes:,} min" if minutes < 120 else f"{round(minutes / 60):,} h"


def timestamp_in(line: bytes) -> object:
    """Return the timestamp in a line, if the line is a record."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return body.get("timestamp") if isinstance(body, dict) else None
