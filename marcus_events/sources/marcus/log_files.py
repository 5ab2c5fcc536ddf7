"""The logs of an installation: which there are, how far each has been read, and the records of their new lines."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from marcus_events.sources.marcus.decompression import Plain, packing_of
from marcus_events.sources.marcus.file_positions import FilePosition, LostFilePositions
from marcus_events.sources.marcus.installation import Installation, Log, UnreadFile
from marcus_events.sources.marcus.line_repairs import records_of
from marcus_events.sources.marcus.log_lines import LineFile, LogLine
from marcus_events.sources.marcus.naive_times import FileTimes, Times, stamp_in
from marcus_events.sources.marcus.records import Record, Unreadable
from marcus_events.sources.marcus.sightings import WINDOW
from marcus_events.sources.marcus.sqlite_files import changed_at

COMPRESSED_FOR_S = 1.0  # a compressed file that has not changed for so long is not being written any more
FORMER_FILES = 100  # files that are gone, of which it is known how far they were read
Begun = list[tuple[Log, LineFile]]
FileKey = tuple[int, int]  # device and inode


class LogFiles:
    """`lines` counts those that were read, `repaired` those that were repaired; `unread` are the files of which
    nothing, or not all, could be read at the last look.
    """

    def __init__(self, installation: Installation, times: Times, complain: Callable[[Unreadable], None]) -> None:
        self.installation, self.times, self.complain = installation, times, complain
        self.lines = self.repaired = 0
        self.unread: list[UnreadFile] = []
        self._files: dict[FileKey, LineFile] = {}  # a file that is renamed has been read
        self._prefixes: dict[FileKey, str] = {}
        self._times: dict[LineFile, FileTimes] = {}
        self._places = LostFilePositions()

    def begin(self, now: datetime, *, is_patient: bool) -> Begun:
        """The files as they are now; one under two names is read under the first. `is_patient` leaves files that are
        just being compressed for the next look.
        """
        found = self.installation.find()
        self.unread = found.unread
        begun: dict[FileKey, tuple[Log, LineFile]] = {}
        anew: list[LineFile] = []
        for log in [*found.logs(), *self._renamed(found.unread)]:
            if (key := key_of(log.path)) and key not in begun and not (is_patient and is_being_compressed(log.path)):
                begun[key] = (log, self._begin(key, log, anew))
        for file in anew:
            self._places.resume(file, lambda: self._places_beside(anew))
        self._forget(begun)
        for _, file in begun.values():
            self._times[file].begin(file.written_at, now, self._last_stamp(file))
        return list(begun.values())

    def _renamed(self, unread: list[UnreadFile]) -> list[Log]:
        """Files that were read under a name by which they are not known any more."""
        logs = []
        for item in list(unread):
            path = self.installation.root / item.name
            key = key_of(path)
            file = self._files.get(key) if key else None
            if key and file and file.offset and file.place.seems_start_of(Plain(path)):
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
            self._places.keep(former)
        return file

    def _places_beside(self, anew: list[LineFile]) -> list[FilePosition]:
        return [file.place for file in self._files.values() if file not in anew]

    def _forget(self, begun: dict[FileKey, tuple[Log, LineFile]]) -> None:
        gone = [key for key in self._files if key not in begun]
        for key in gone[: max(len(gone) - FORMER_FILES, 0)]:
            del self._times[self._files.pop(key)], self._prefixes[key]

    def _last_stamp(self, file: LineFile) -> object:
        return None if self.times.zone or file.is_compressed else stamp_in(file.last_line())

    def records(self, log: Log, file: LineFile) -> Iterator[Record]:
        times = self._times[file]
        for line in file.read():
            self.lines += 1
            for item in self._items(log, line, times):
                if isinstance(item, Unreadable):
                    self.complain(item)
                elif not times.holds_back(item.at, item.where):
                    yield item

    def _items(self, log: Log, line: LogLine | Unreadable, times: FileTimes) -> list[Record | Unreadable]:
        if isinstance(line, Unreadable):
            return [line]
        items, is_repaired = records_of(log.kind, line.text, line.where, times, is_mended=line.is_mended)
        self.repaired += is_repaired
        return [replace(item, key=key_in(line, item)) if isinstance(item, Unreadable) else item for item in items]

    def end(self, begun: Begun, now: datetime) -> None:
        """After a look: name what could not be read of the files."""
        for log, file in begun:
            self._times[file].end()
            is_left = log.superseded and changed_at(log.path) < (now - WINDOW).timestamp()
            if is_left and (item := file.incomplete()):
                self.complain(item)
            if file.problem:
                self.unread.append(UnreadFile(file.name, file.problem))

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes there are."""
        files = self._files.values()
        return sum(file.offset for file in files), sum(file.size for file in files)


def key_of(path: Path) -> FileKey | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_being_compressed(path: Path) -> bool:
    """Whether it is a compressed file that has just been written."""
    try:
        age = time.time() - path.stat().st_ctime
    except OSError:
        return False
    return 0 <= age < COMPRESSED_FOR_S and packing_of(path) is not None


def key_in(line: LogLine, item: Unreadable) -> str:
    number = line.where.rpartition(":")[2]
    return f"{number} {hashlib.sha256(line.text).hexdigest()[:24]} {item.reason}"
