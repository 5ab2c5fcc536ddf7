"""The bytes of a log file, unpacked where it is compressed. How it is compressed stands in its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 256 * 1024  # a few hundred lines: few system calls, and little memory for each of many files
NO_END = 1 << 62  # of what is compressed: its size is known when it has been read


class Unpacking(Protocol):
    """An open compressed file."""

    def seek(self, offset: int) -> int: ...
    def read1(self, size: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Packing:
    name: str
    magic: bytes
    open: Callable[[str], Unpacking] | None = None  # None where the standard library cannot read it

    @property
    def is_readable(self) -> bool:
        return self.open is not None

    @property
    def reason(self) -> str:
        return f"is compressed with {self.name}, which is not supported; decompress it, or use gzip, bzip2 or xz"


PACKINGS = (
    Packing("gzip", b"\x1f\x8b", gzip.GzipFile),
    Packing("bzip2", b"BZh", bz2.BZ2File),
    Packing("xz", b"\xfd7zXZ\0", lzma.LZMAFile),
    Packing("zstd", b"\x28\xb5\x2f\xfd"),
    Packing("lz4", b"\x04\x22\x4d\x18"),
    Packing("compress", b"\x1f\x9d"),
    Packing("zip", b"PK\x03\x04"),
    Packing("7-Zip", b"7z\xbc\xaf\x27\x1c"),
)


def packing_of(path: Path) -> Packing | None:
    """How a file is compressed; None for plain text, and for what cannot be opened: reading it says why."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return None
    return next((packing for packing in PACKINGS if start.startswith(packing.magic)), None)


class Contents:
    """`problem` says why the last call of `read` gave nothing; it is empty where there is nothing more."""

    is_compressed = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""

    def read(self, start: int, end: int) -> bytes:
        """At most a chunk; nothing when the file has gone."""
        self.problem = ""
        try:
            return self._read(start, min(end - start, CHUNK_BYTES))
        except FileNotFoundError:
            return b""
        except EOFError:
            self.problem = "is compressed but incomplete"
        except OSError as error:
            self.problem = (
                f"cannot be opened: {error.strerror}" if error.strerror else f"cannot be decompressed: {error}"
            )
        except (zlib.error, lzma.LZMAError) as error:
            self.problem = f"cannot be decompressed: {error}"
        self.close()
        return b""

    def span(self, start: int, end: int) -> bytes:
        """All bytes of a short span, or fewer where the file ends."""
        found = b""
        while len(found) < end - start and (more := self.read(start + len(found), end)):
            found += more
        return found

    def _read(self, start: int, count: int) -> bytes:
        raise NotImplementedError

    def close(self) -> None: ...


class Plain(Contents):
    """Opened for each chunk. Gives nothing when another file is there (`inode`: that of the file that is meant)."""

    inode = 0

    def _read(self, start: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            if self.inode and os.fstat(file.fileno()).st_ino != self.inode:
                return b""
            file.seek(start)
            return file.read(max(count, 0))


class Packed(Contents):
    """Read from front to back. It stays open from the second chunk to the end only, so that of hundreds of rotated
    files, of which every look has the first chunk at hand, few are open at once.
    """

    is_compressed = True

    def __init__(self, path: Path, packing: Packing) -> None:
        super().__init__(path)
        self._open = packing.open
        self._file: Unpacking | None = None

    def _read(self, start: int, count: int) -> bytes:
        if self._file is None and self._open:
            self._file = self._open(str(self.path))
        if self._file is None:
            return b""
        self._file.seek(start)
        chunk = self._file.read1(max(count, 0))  # up to what is intact, where the rest is not
        if start == 0 or not chunk:
            self.close()
        return chunk

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def contents_of(path: Path) -> Plain | Packed:
    packing = packing_of(path)
    return Packed(path, packing) if packing and packing.is_readable else Plain(path)
