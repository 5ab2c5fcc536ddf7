"""The complete lines of a file that grows, is rotated, truncated or replaced while it is read.

Each call of `read` gives the lines that have become complete since the last one, up to the size the file had
when the call began. A last line without its end waits. When the file is another one than before, it is read from
its start. Whether it is another one is decided by what it holds, before its size is looked at: the first and the last
bytes that were read are compared whenever the file has changed, and all of them when it has changed without growing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marcus_events.sources.marcus.decompression import NO_END, Packed, Plain, contents_of
from marcus_events.sources.marcus.file_positions import FINGERPRINT_BYTES, FilePosition
from marcus_events.sources.marcus.records import Unreadable
from marcus_events.sources.marcus.sqlite_files import TICK_S

MAX_LINE_BYTES = 1024 * 1024  # four times the largest event that the log takes
NUL = b"\0"


@dataclass(frozen=True, slots=True)
class LogLine:
    """`is_mended`: NUL bytes before it were left out."""

    text: bytes
    where: str
    is_mended: bool = False


class LineFile:
    """A file and how far it has been read. `name` is what people call it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.size = 0
        self.written_at = 0.0  # when it was last written, as of `begin`
        self.place = FilePosition()
        self._inode = 0
        self._stamp: tuple[int, ...] = ()
        self._contents: Plain | Packed = Plain(path)

    @property
    def offset(self) -> int:
        return self.place.offset

    @property
    def problem(self) -> str:
        """Why the rest of the file could not be read; empty where it could."""
        return self._contents.problem

    @property
    def is_compressed(self) -> bool:
        return self._contents.is_compressed

    def begin(self) -> FilePosition | None:
        """Take note of the size up to which `read` will go. Where another file is there now, start over, and answer
        how far the one before had been read.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self.size = self.offset
            return None
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if stamp == self._stamp and self.path == self._contents.path:
            return None
        former = self._begin(status)
        is_settled = abs(time.time() - status.st_mtime) > TICK_S
        self._stamp = stamp if is_settled else ()
        return former

    def _open(self, status: os.stat_result) -> None:
        self._contents = contents_of(self.path)
        if isinstance(self._contents, Plain):
            self._contents.inode = status.st_ino
        self._inode, self.size, self.written_at = status.st_ino, status.st_size, status.st_mtime

    def _begin(self, status: os.stat_result) -> FilePosition | None:
        is_same = status.st_ino == self._inode
        is_rewritten = status.st_size == self.size and status.st_mtime > self.written_at
        self._open(status)
        if not self.offset or (is_same and self._continues(is_rewritten=is_rewritten)):
            return None
        former, self.place = self.place, FilePosition()
        return former

    def _continues(self, *, is_rewritten: bool) -> bool:
        if self.is_compressed or is_rewritten:
            return self.place.is_start_of(self._contents)
        return self.place.seems_start_of(self._contents)

    def resume(self, place: FilePosition) -> None:
        """Go on where a file with the same start had been read to."""
        self.place = place

    def has_start(self, place: FilePosition) -> bool:
        """Whether the file begins with all that had been read of another one."""
        return (self.is_compressed or place.offset <= self.size) and place.is_start_of(self._contents)

    def read(self) -> Iterator[LogLine | Unreadable]:
        """The complete lines from where the last call ended; `begin` comes first."""
        rest, end = b"", NO_END if self.is_compressed else self.size
        while chunk := self._contents.read(self.offset + len(rest), end):
            *complete, rest = (rest + chunk).split(b"\n")
            for text in complete:
                yield from self._line(text)
            if len(rest) > MAX_LINE_BYTES or (rest and not rest.strip(NUL)):
                yield from self._pass_over(rest)
                rest = b""
        self._end()

    def _end(self) -> None:
        if self.is_compressed:
            self.size = max(self.offset, self.size)
        problem = self._contents.problem
        self.place.note_fingerprints(self._contents)
        self._contents.close()
        self._contents.problem = problem

    def _line(self, text: bytes) -> Iterator[LogLine | Unreadable]:
        place = self.place
        place.take(text + b"\n")
        place.number += 1
        is_skipped, has_nuls = place.is_skipping, place.has_nuls
        place.is_skipping = place.has_nuls = False
        if is_skipped:
            return
        if len(text) > MAX_LINE_BYTES:
            yield Unreadable(self._where(place.number), "is longer than 1 MiB")
        elif text.strip():
            yield LogLine(text, self._where(place.number), is_mended=has_nuls)

    def _pass_over(self, rest: bytes) -> Iterator[Unreadable]:
        """The start of a line that is too long, or nothing but NUL bytes, of which a file may have any number."""
        self.place.take(rest)
        if not rest.strip(NUL):
            self.place.has_nuls = True
        else:
            if not self.place.is_skipping:
                yield Unreadable(self._where(self.place.number + 1), "is longer than 1 MiB")
            self.place.is_skipping = True

    def incomplete(self) -> Unreadable | None:
        """The line at the end that nobody has ended, if there is one."""
        if self.offset >= self.size or self.place.is_skipping or self.is_compressed:
            return None
        return Unreadable(self._where(self.place.number + 1), "is incomplete")

    def last_line(self) -> bytes:
        """The last complete line of what is there to read, if it is not a very long one. Only of plain files."""
        start = max(self.offset, self.size - FINGERPRINT_BYTES * 16)
        return self._contents.span(start, self.size).rpartition(b"\n")[0].rpartition(b"\n")[2]

    def _where(self, number: int) -> str:
        return f"{self.name}:{number}"
