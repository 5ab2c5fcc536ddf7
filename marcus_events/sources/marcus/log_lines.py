"""Reads the complete lines of a file that grows, rotates, is truncated or replaced.

`read` yields the lines completed since its last call, up to the size that `begin` recorded. An unfinished last line
waits. If the file was replaced, reading starts over. Content decides that, not size: the first and last bytes read are
compared whenever the file has changed, and all bytes if it has changed without growing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from marcus_events.sources.marcus.decompression import (
    CHUNK_BYTES,
    UNKNOWN_SIZE,
    CompressedContents,
    PlainContents,
    open_contents,
)
from marcus_events.sources.marcus.file_positions import FINGERPRINT_BYTES, FilePosition
from marcus_events.sources.marcus.records import Unreadable
from marcus_events.sources.marcus.sqlite_files import MTIME_RESOLUTION_S

FIRST_CHUNK_BYTES = 8 * 1024  # of each file that is opened: a scan opens all of them, and reads on in a few
MAX_LINE_BYTES = 1024 * 1024  # four times the largest event that the log accepts
NUL = b"\0"


class LogLine(NamedTuple):
    """`is_repaired` says that NUL bytes before the line were dropped."""

    text: bytes
    where: str
    is_repaired: bool = False


class LineFile:
    """A file and how far it has been read. `name` is shown to people."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.size = 0
        self.written_at = 0.0  # modification time, as of `begin`
        self.position = FilePosition()
        self._inode = 0
        self._stamp: tuple[int, ...] = ()
        self._contents: PlainContents | CompressedContents = PlainContents(path)

    @property
    def offset(self) -> int:
        return self.position.offset

    @property
    def problem(self) -> str:
        """Why the rest of the file could not be read; "" if it could."""
        return self._contents.problem

    @property
    def is_compressed(self) -> bool:
        return self._contents.is_compressed

    def begin(self) -> FilePosition | None:
        """Record the size up to which `read` will go. If the file was replaced, start over and return the old
        position.
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
        is_settled = abs(time.time() - status.st_mtime) > MTIME_RESOLUTION_S
        self._stamp = stamp if is_settled else ()
        return former

    def _open(self, status: os.stat_result) -> None:
        self._contents = open_contents(self.path)
        if isinstance(self._contents, PlainContents):
            self._contents.inode = status.st_ino
        self._inode, self.size, self.written_at = status.st_ino, status.st_size, status.st_mtime

    def _begin(self, status: os.stat_result) -> FilePosition | None:
        is_same = status.st_ino == self._inode
        is_rewritten = status.st_size == self.size and status.st_mtime > self.written_at
        self._open(status)
        if not self.offset or (is_same and self._continues(is_rewritten=is_rewritten)):
            return None
        former, self.position = self.position, FilePosition()
        return former

    def _continues(self, *, is_rewritten: bool) -> bool:
        if self.is_compressed or is_rewritten:
            return self.position.is_start_of(self._contents)
        return self.position.seems_start_of(self._contents)

    def resume(self, position: FilePosition) -> None:
        """Continue from the position of a file with the same start."""
        self.position = position

    def has_start(self, position: FilePosition) -> bool:
        """Return whether the file begins with all that was read of another one."""
        return (self.is_compressed or position.offset <= self.size) and position.is_start_of(self._contents)

    def read(self) -> Iterator[LogLine | Unreadable]:
        """Yield the complete lines since the last call. Call `begin` first."""
        rest, end, size = b"", UNKNOWN_SIZE if self.is_compressed else self.size, FIRST_CHUNK_BYTES
        while chunk := self._contents.read(start := self.offset + len(rest), min(start + size, end)):
            size = min(2 * size, CHUNK_BYTES)
            *complete, rest = (rest + chunk).split(b"\n")
            for text in complete:
                if item := self._line(text):
                    yield item
            if len(rest) > MAX_LINE_BYTES or (rest and not rest.strip(NUL)):
                yield from self._skip(rest)
                rest = b""
        self._end()

    def _end(self) -> None:
        if self.is_compressed:
            self.size = max(self.offset, self.size)
        problem = self._contents.problem
        self.position.note_fingerprints(self._contents)
        self.position.occurrences.drop_counts()
        self._contents.close()
        self._contents.problem = problem

    def _line(self, text: bytes) -> LogLine | Unreadable | None:
        position = self.position
        position.advance(text + b"\n")
        position.number += 1
        is_skipped, has_nuls = position.is_skipping, position.has_nuls
        position.is_skipping = position.has_nuls = False
        if is_skipped:
            return None
        if len(text) > MAX_LINE_BYTES:
            return Unreadable(self._where(position.number), "is longer than 1 MiB")
        return LogLine(text, self._where(position.number), has_nuls) if text.strip() else None

    def _skip(self, rest: bytes) -> Iterator[Unreadable]:
        """Skip the start of a line that is too long, or NUL bytes, of which a file may have any number."""
        self.position.advance(rest)
        if not rest.strip(NUL):
            self.position.has_nuls = True
        else:
            if not self.position.is_skipping:
                yield Unreadable(self._where(self.position.number + 1), "is longer than 1 MiB")
            self.position.is_skipping = True

    def unfinished_line(self) -> Unreadable | None:
        """Return the unfinished last line as unreadable, if there is one."""
        if self.offset >= self.size or self.position.is_skipping or self.is_compressed:
            return None
        return Unreadable(self._where(self.position.number + 1), "is incomplete")

    def last_line(self) -> bytes:
        """Return the last complete line of a plain file, unless it is very long."""
        start = max(self.offset, self.size - FINGERPRINT_BYTES * 16)
        return self._contents.read_span(start, self.size).rpartition(b"\n")[0].rpartition(b"\n")[2]

    def _where(self, number: int) -> str:
        return f"{self.name}:{number}"
