"""How far a file has been read, and what was read of it: enough to know it again under another name or compressed."""

from __future__ import annotations

import copy
import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from marcus_events.sources.marcus.decompression import Contents
from marcus_events.sources.marcus.line_occurrences import Occurrences

FINGERPRINT_BYTES = 4096  # holds several lines, and thus several times: the ends of lines alone are often alike
KEPT = 100  # places of files that are gone or begun anew; a rotation leaves one


@dataclass
class FilePosition:
    """`digest` is that of all bytes up to `offset`; `number` counts the lines."""

    offset: int = 0
    number: int = 0
    head: bytes = b""
    tail: bytes = b""
    digest: hashlib.blake2b = field(default_factory=hashlib.blake2b)
    occurrences: Occurrences = field(default_factory=Occurrences)
    is_skipping: bool = False
    has_nuls: bool = False

    def take(self, text: bytes) -> None:
        self.offset += len(text)
        self.digest.update(text)

    def note_fingerprints(self, contents: Contents) -> None:
        """After reading. Of a file that is away for the moment the old ones stay."""
        if len(self.head) < min(self.offset, FINGERPRINT_BYTES):
            self.head = contents.span(0, min(self.offset, FINGERPRINT_BYTES)) or self.head
        if not contents.is_compressed:
            self.tail = contents.span(max(0, self.offset - FINGERPRINT_BYTES), self.offset) or self.tail

    def seems_start_of(self, contents: Contents) -> bool:
        """Whether the first and the last bytes that were read are there."""
        return (
            contents.span(0, len(self.head)) == self.head
            and contents.span(self.offset - len(self.tail), self.offset) == self.tail
        )

    def is_start_of(self, contents: Contents) -> bool:
        """Whether all bytes that were read are there. Reads them all."""
        digest, at = hashlib.blake2b(), 0
        if contents.span(0, len(self.head)) != self.head:
            return False
        while at < self.offset and (chunk := contents.read(at, self.offset)):
            digest.update(chunk)
            at += len(chunk)
        return at == self.offset and digest.digest() == self.digest.digest()

    def copy(self) -> FilePosition:
        taken = copy.copy(self)
        taken.digest, taken.occurrences = self.digest.copy(), copy.deepcopy(self.occurrences)
        return taken


class Resumes(Protocol):
    def has_start(self, place: FilePosition) -> bool: ...
    def resume(self, place: FilePosition) -> None: ...


class LostFilePositions:
    """The places of files that are gone or were begun anew."""

    def __init__(self) -> None:
        self._former: deque[FilePosition] = deque(maxlen=KEPT)

    def keep(self, place: FilePosition) -> None:
        if place.offset:
            self._former.append(place)

    def resume(self, file: Resumes, living: Callable[[], Iterable[FilePosition]]) -> bool:
        """Let a file that is new go on where another with the same start had been read to: one that is gone, or one
        that it is a copy of. Whether there was one.
        """
        for place in sorted([*self._former, *living()], key=lambda place: -place.offset):
            if place.offset and file.has_start(place):
                file.resume(place.copy())
                return True
        return False
