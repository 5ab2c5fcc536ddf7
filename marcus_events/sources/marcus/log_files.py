"""Finds the logs of an installation and reads the records of their new lines."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from marcus_events.sources.marcus.decompression import PlainContents, detect_compression
from marcus_events.sources.marcus.file_positions import FilePosition, LostFilePositions
from marcus_events.sources.marcus.installation import Installation, Log, UnreadFile
from marcus_events.sources.marcus.line_repairs import parse_line
from marcus_events.sources.marcus.log_lines import LineFile, LogLine
from marcus_events.sources.marcus.naive_times import FileTimes, InstallationTimes, timestamp_in
from marcus_events.sources.marcus.records import Record, Unreadable
from marcus_events.sources.marcus.sightings import WINDOW
from marcus_events.sources.marcus.sqlite_files import modified_at

COMPRESSION_SETTLE_S = 1.0  # a compressed file unchanged for this long is complete
MAX_FORMER_FILES = 100  # removed files whose positions are remembered
OpenedLogs = list[tuple[Log, LineFile]]
FileKey = tuple[int, int]  # device and inode


class LogFiles:
    """The log files and their positions. `lines` and `repaired` count lines; `unread` lists files that the last scan
    could not read, or not completely.
    """

    def __init__(
        self, installation: Installation, times: InstallationTimes, report_unreadable: Callable[[Unreadable], None]
    ) -> None:
        self.installation, self.times, self.report_unreadable = installation, times, report_unreadable
        self.lines = self.repaired = 0
        self.unread: list[UnreadFile] = []
        self._files: dict[FileKey, LineFile] = {}  # by inode, so that a renamed file is not read again
        self._prefixes: dict[FileKey, str] = {}
        self._times: dict[LineFile, FileTimes] = {}
        self._lost_positions = LostFilePositions()

    def begin(self, now: datetime, *, defer_unfinished: bool) -> OpenedLogs:
        """Open the current files, each inode once. `defer_unfinished` leaves files still being compressed to the
        next scan.
        """
        found = self.installation.find()
        self.unread = found.unread
        begun: dict[FileKey, tuple[Log, LineFile]] = {}
        anew: list[LineFile] = []
        for log in [*found.logs(), *self._find_renamed(found.unread)]:
            if (
                (key := file_key(log.path))
                and key not in begun
                and not (defer_unfinished and is_being_compressed(log.path))
            ):
                begun[key] = (log, self._begin(key, log, anew))
        positions = self._positions_except(anew)
        for file in anew:
            self._lost_positions.resume(file, positions)
        self._forget(begun)
        for _, file in begun.values():
            self._times[file].begin(file.written_at, now, self._last_stamp(file))
        return list(begun.values())

    def _find_renamed(self, unread: list[UnreadFile]) -> list[Log]:
        """Return files that were read before under a recognised name."""
        logs = []
        for item in list(unread):
            path = self.installation.root / item.name
            key = file_key(path)
            file = self._files.get(key) if key else None
            if key and file and file.offset and file.position.seems_start_of(PlainContents(path)):
                logs.append(Log(self._prefixes[key], path, superseded=True))
                unread.remove(item)
        return logs

    def _begin(self, key: FileKey, log: Log, anew: list[LineFile]) -> LineFile:
        name = self.installation.name(log.path)
        is_new = key not in self._files
        file = self._files.setdefault(key, LineFile(log.path, name))
        self._prefixes[key] = log.prefix
        file.path, file.name = log.path, name
        former = file.begin()
        if is_new or former:
            self._times[file] = self.times.of(name)
            anew.append(file)
        if former:
            self._lost_positions.add(former)
        return file

    def _positions_except(self, anew: list[LineFile]) -> list[FilePosition]:
        new = set(map(id, anew))
        return [file.position for file in self._files.values() if id(file) not in new]

    def _forget(self, begun: dict[FileKey, tuple[Log, LineFile]]) -> None:
        gone = [key for key in self._files if key not in begun]
        for key in gone[: max(len(gone) - MAX_FORMER_FILES, 0)]:
            del self._times[self._files.pop(key)], self._prefixes[key]

    def _last_stamp(self, file: LineFile) -> object:
        return None if self.times.zone or file.is_compressed else timestamp_in(file.last_line())

    def records(self, log: Log, file: LineFile) -> Iterator[Record]:
        times = self._times[file]
        for line in file.read():
            self.lines += 1
            for item in self._items(log, line, times):
                if isinstance(item, Unreadable):
                    self.report_unreadable(item)
                elif not times.holds_back(item.at, item.where):
                    yield item

    def _items(self, log: Log, line: LogLine | Unreadable, times: FileTimes) -> list[Record | Unreadable]:
        if isinstance(line, Unreadable):
            return [line]
        items, is_repaired = parse_line(log.kind, line.text, line.where, times, is_repaired=line.is_repaired)
        self.repaired += is_repaired
        return [replace(item, key=fault_key(line, item)) if isinstance(item, Unreadable) else item for item in items]

    def end(self, begun: OpenedLogs, now: datetime) -> None:
        """Report, after a scan, what could not be read."""
        for log, file in begun:
            self._times[file].end()
            is_left = log.superseded and modified_at(log.path) < (now - WINDOW).timestamp()
            if is_left and (item := file.unfinished_line()):
                self.report_unreadable(item)
            if file.problem:
                self.unread.append(UnreadFile(file.name, file.problem))

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes in total."""
        files = self._files.values()
        return sum(file.offset for file in files), sum(file.size for file in files)


def file_key(path: Path) -> FileKey | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_being_compressed(path: Path) -> bool:
    """Return whether this is a compressed file written just now."""
    try:
        age = time.time() - path.stat().st_ctime
    except OSError:
        return False
    return 0 <= age < COMPRESSION_SETTLE_S and detect_compression(path) is not None


def fault_key(line: LogLine, item: Unreadable) -> str:
    number = line.where.rpartition(":")[2]
    return f"{number} {hashlib.sha256(line.text).hexdigest()[:24]} {item.reason}"
