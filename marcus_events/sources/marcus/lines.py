"""The complete lines of a file that grows, is rotated, truncated or replaced while it is read.

Each call of `read` gives the lines that have become complete since the last one, up to the size the file had
when the call began. A last line without its end waits. When the file is another one than before (by inode, by
size, or by the bytes before the place reached), it is read from its start. The file is never held open between
chunks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marcus_events.sources.marcus.occurrences import Occurrences
from marcus_events.sources.marcus.records import Unreadable

CHUNK_BYTES = 256 * 1024  # a few hundred lines: few system calls, and little memory for each of many files
MAX_LINE_BYTES = 1024 * 1024  # four times the largest event that the log takes
FINGERPRINT_BYTES = 64  # holds the end of a timestamped line, which differs in any other file


@dataclass(frozen=True, slots=True)
class Line:
    text: bytes
    where: str


class LineFile:
    """A file and how far it has been read. `name` is what people call it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.size = 0
        self._inode = 0
        self._start_over()

    def _start_over(self) -> None:
        self.offset = 0
        self.occurrences = Occurrences()
        self._number = 0
        self._fingerprint = b""
        self._skipping = False

    def begin(self) -> None:
        """Take note of the size up to which `read` will go, and start over if the file is another one."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self.size = self.offset
            return
        if status.st_size == self.size == self.offset and status.st_ino == self._inode:
            return
        if status.st_ino != self._inode or status.st_size < self.offset or not self._continues():
            self._start_over()
        self._inode, self.size = status.st_ino, status.st_size

    def _continues(self) -> bool:
        start = self.offset - len(self._fingerprint)
        return self._bytes(start, self.offset) == self._fingerprint

    def read(self) -> Iterator[Line | Unreadable]:
        """The complete lines from where the last call ended; `begin` comes first."""
        rest = b""
        while chunk := self._bytes(self.offset + len(rest), self.size):
            *complete, rest = (rest + chunk).split(b"\n")
            for text in complete:
                yield from self._line(text)
            if len(rest) > MAX_LINE_BYTES:
                yield from self._overlong()
                self.offset += len(rest)
                rest = b""
        if end := self._bytes(max(0, self.offset - FINGERPRINT_BYTES), self.offset):  # nothing while the file is away
            self._fingerprint = end

    def _line(self, text: bytes) -> Iterator[Line | Unreadable]:
        self.offset += len(text) + 1
        self._number += 1
        if self._skipping:
            self._skipping = False
        elif len(text) > MAX_LINE_BYTES:
            yield Unreadable(self._where(self._number), "is longer than 1 MiB")
        elif text.strip():
            yield Line(text, self._where(self._number))

    def _overlong(self) -> Iterator[Unreadable]:
        if not self._skipping:
            yield Unreadable(self._where(self._number + 1), "is longer than 1 MiB")
        self._skipping = True

    def incomplete(self) -> Unreadable | None:
        """The line at the end that nobody has ended, if there is one."""
        if self.offset >= self.size or self._skipping:
            return None
        return Unreadable(self._where(self._number + 1), "was never ended")

    def _where(self, number: int) -> str:
        return f"{self.name}:{number}"

    def _bytes(self, start: int, end: int) -> bytes:
        """At most a chunk; nothing when the file has gone or has become another one."""
        try:
            with self.path.open("rb") as file:
                if self._inode and os.fstat(file.fileno()).st_ino != self._inode:
                    return b""
                file.seek(start)
                return file.read(min(end - start, CHUNK_BYTES))
        except FileNotFoundError:
            return b""
