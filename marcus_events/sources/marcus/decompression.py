"""Reads log files, decompressing those whose first bytes show a known format."""

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

CHUNK_BYTES = 256 * 1024  # a few hundred lines: few system calls, little memory per file
UNKNOWN_SIZE = 1 << 62  # of a compressed file until it has been read


class CompressedFile(Protocol):
    """An open compressed file."""

    def seek(self, offset: int) -> int: ...
    def read1(self, size: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class CompressionFormat:
    name: str
    magic: bytes
    open: Callable[[str], CompressedFile] | None = None  # None where the standard library cannot read it

    @property
    def is_readable(self) -> bool:
        return self.open is not None

    @property
    def reason(self) -> str:
        return f"is compressed with {self.name}, which is not supported; decompress it, or use gzip, bzip2 or xz"


FORMATS = (
    CompressionFormat("gzip", b"\x1f\x8b", gzip.GzipFile),
    CompressionFormat("bzip2", b"BZh", bz2.BZ2File),
    CompressionFormat("xz", b"\xfd7zXZ\0", lzma.LZMAFile),
    CompressionFormat("zstd", b"\x28\xb5\x2f\xfd"),
    CompressionFormat("lz4", b"\x04\x22\x4d\x18"),
    CompressionFormat("compress", b"\x1f\x9d"),
    CompressionFormat("zip", b"PK\x03\x04"),
    CompressionFormat("7-Zip", b"7z\xbc\xaf\x27\x1c"),
)


def detect_compression(path: Path) -> CompressionFormat | None:
    """Return the compression format; None for plain text and for unreadable files, which fail later when read."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return None
    return next((compression for compression in FORMATS if start.startswith(compression.magic)), None)


class Contents:
    """The bytes of a file. `problem` says why the last `read` returned nothing; "" at the end of the file."""

    is_compressed = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""

    def read(self, start: int, end: int) -> bytes:
        """Return at most one chunk; nothing if the file is missing."""
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

    def read_span(self, start: int, end: int) -> bytes:
        """Return all bytes of a short span, or fewer at the end of the file."""
        found = b""
        while len(found) < end - start and (more := self.read(start + len(found), end)):
            found += more
        return found

    def _read(self, start: int, count: int) -> bytes:
        raise NotImplementedError

    def close(self) -> None: ...


class PlainContents(Contents):
    """Opened for each chunk. Returns nothing if `inode` is set and the path now leads to another file."""

    inode = 0

    def _read(self, start: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            if self.inode and os.fstat(file.fileno()).st_ino != self.inode:
                return b""
            file.seek(start)
            return file.read(max(count, 0))


class CompressedContents(Contents):
    """Read sequentially. The file stays open only from the second chunk to the end: every scan reads the first chunk
    of hundreds of rotated files, and few may be open at once.
    """

    is_compressed = True

    def __init__(self, path: Path, compression: CompressionFormat) -> None:
        super().__init__(path)
        self._open = compression.open
        self._file: CompressedFile | None = None

    def _read(self, start: int, count: int) -> bytes:
        if self._file is None and self._open:
            self._file = self._open(str(self.path))
        if self._file is None:
            return b""
        self._file.seek(start)
        chunk = self._file.read1(max(count, 0))  # returns the intact part of a damaged file
        if start == 0 or not chunk:
            self.close()
        return chunk

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def open_contents(path: Path) -> PlainContents | CompressedContents:
    compression = detect_compression(path)
    return CompressedContents(path, compression) if compression and compression.is_readable else PlainContents(path)
