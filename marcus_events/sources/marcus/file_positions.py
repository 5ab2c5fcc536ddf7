"""Read positions of files, with enough fingerprints to recognise a file that was renamed, copied or compressed."""

from __future__ import annotations

import copy
import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from marcus_events.sources.marcus.decompression import Contents
from marcus_events.sources.marcus.line_occurrences import Occurrences

FINGERPRINT_BYTES = 4096  # spans several lines and thus several times: single line ends are often alike
MAX_LOST = 100  # positions of removed or restarted files; a rotation leaves one


@dataclass
class FilePosition:
    """How far a file has been read: `digest` covers all bytes up to `offset`, `number` counts lines."""

    offset: int = 0
    number: int = 0
    head: bytes = b""
    tail: bytes = b""
    digest: hashlib.blake2b = field(default_factory=hashlib.blake2b)
    occurrences: Occurrences = field(default_factory=Occurrences)
    is_skipping: bool = False
    has_nuls: bool = False

    def advance(self, text: bytes) -> None:
        self.offset += len(text)
        self.digest.update(text)

    def note_fingerprints(self, contents: Contents) -> None:
        """Update the fingerprints after reading. Keeps the old ones if the file is missing right now."""
        if len(self.head) < min(self.offset, FINGERPRINT_BYTES):
            self.head = contents.read_span(0, min(self.offset, FINGERPRINT_BYTES)) or self.head
        if not contents.is_compressed:
            self.tail = contents.read_span(max(0, self.offset - FINGERPRINT_BYTES), self.offset) or self.tail

    def seems_start_of(self, contents: Contents) -> bool:
        """Return whether the first and last bytes read are still there."""
        return (
            contents.read_span(0, len(self.head)) == self.head
            and contents.read_span(self.offset - len(self.tail), self.offset) == self.tail
        )

    def is_start_of(self, contents: Contents) -> bool:
        """Return whether all bytes read are still there. Reads them all."""
        digest, at = hashlib.blake2b(), 0
        if contents.read_span(0, len(self.head)) != self.head:
            return False
        while at < self.offset and (chunk := contents.read(at, self.offset)):
            digest.update(chunk)
            at += len(chunk)
        return at == self.offset and digest.digest() == self.digest.digest()

    def copy(self) -> FilePosition:
        copied = copy.copy(self)
        copied.digest, copied.occurrences = self.digest.copy(), copy.deepcopy(self.occurrences)
        return copied


class Resumable(Protocol):
    def has_start(self, position: FilePosition) -> bool: ...
    def resume(self, position: FilePosition) -> None: ...


class LostFilePositions:
    """Positions of files that were removed or restarted."""

    def __init__(self) -> None:
        self._positions: deque[FilePosition] = deque(maxlen=MAX_LOST)

    def add(self, position: FilePosition) -> None:
        if position.offset:
            self._positions.append(position)

    def resume(self, file: Resumable, current: Iterable[FilePosition]) -> bool:
        """Resume a new file from the longest matching position of a removed or copied file; return whether there was
        one.
        """
        for position in sorted([*self._positions, *current], key=lambda position: -position.offset):
            if position.offset and file.has_start(position):
                file.resume(position.copy())
                return True
        return False
