"""Finds the files of a Marcus installation: its logs, and files that look like logs but cannot be read.

The start of its name identifies a log anywhere under `logs/`. Any rotation suffix may follow `.jsonl`: `.1`,
`-20261129`, `.old`, `.1.gz` and others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import realpath
from pathlib import Path

from marcus_events.sources.marcus.decompression import detect_compression
from marcus_events.sources.marcus.records import RecordKind
from marcus_events.sources.marcus.sqlite_files import modified_at

KIND_BY_PREFIX = {
    "realtime_": RecordKind.REALTIME,
    "agent_events_": RecordKind.AGENT_EVENTS,
    "conversations_": RecordKind.CONVERSATIONS,
    "decisions_": RecordKind.CONVERSATIONS,  # copies of conversation lines, with the same ids
}
LOOKS_LIKE_A_LOG = re.compile(
    r"\.(jsonl|ndjson|log)(?![a-z])|^(realtime|agent_events|conversations|decisions)_\d", re.IGNORECASE
)
UNKNOWN_NAME = f"is not a known log; names start with {', '.join(KIND_BY_PREFIX)} and contain .jsonl"
OUTSIDE_LOGS = "is outside logs/"
LEADS_OUT = "links outside the folder and is not followed"
MAX_DEPTH = 8  # levels of nested folders
READ_BY_NAME = (
    *("data", "logs", "data/marcus.db", "data/marcus.db-wal", "data/kanban.db", "data/kanban.db-wal"),
    "data/marcus_state/subtasks.json",
)


@dataclass(frozen=True)
class Log:
    """A log file. `superseded` says that a newer one of its kind exists, so its last line will stay as it is."""

    prefix: str
    path: Path
    superseded: bool

    @property
    def kind(self) -> RecordKind:
        return KIND_BY_PREFIX[self.prefix]

    @property
    def is_copy(self) -> bool:
        """Whether its lines normally stand in another file too."""
        return self.prefix == "decisions_"


@dataclass(frozen=True)
class UnreadFile:
    """A file or folder that is not read. `name` is relative to the installation."""

    name: str
    reason: str


@dataclass
class FoundFiles:
    """The files found at one moment."""

    paths: dict[str, list[Path]] = field(default_factory=dict)  # by prefix
    unread: list[UnreadFile] = field(default_factory=list)

    def logs(self) -> Iterator[Log]:
        """Yield the logs by kind and name."""
        for prefix in KIND_BY_PREFIX:
            paths = sorted(self.paths.get(prefix, []))
            newest = max(paths, key=modified_at, default=None)
            yield from (Log(prefix, path, superseded=path != newest) for path in paths)


@dataclass(frozen=True)
class Installation:
    """A folder that holds, or will hold, Marcus's `data/` and `logs/`. If `is_confined`, nothing outside of it is
    read.
    """

    root: Path
    is_confined: bool = False

    @property
    def events(self) -> Path:
        return self.root / "data" / "marcus.db"

    @property
    def board(self) -> Path:
        return self.root / "data" / "kanban.db"

    @property
    def folders(self) -> list[Path]:
        return [folder for name in ("data", "logs") if (folder := self.root / name).is_dir()]

    def find_outside_links(self) -> list[str]:
        """Return the known names that are links out of the folder or special files, such as pipes."""
        paths = [self.root / name for name in READ_BY_NAME] if self.is_confined else []
        return [self.name(path) for path in paths if self._is_outside(path) or is_special(path)]

    def exists(self) -> bool:
        return not self.find_outside_links() and self._holds_marcus()

    def _holds_marcus(self) -> bool:
        return self.events.is_file() or self.board.is_file() or any(True for _ in self.find().logs())

    def find(self) -> FoundFiles:
        found = FoundFiles()
        for name in ("logs", "data"):
            for path in self._files(self.root / name, found, set()):
                self._classify(path, found, is_log_folder=name == "logs")
        found.unread.sort(key=lambda unread: unread.name)
        return found

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _is_outside(self, path: Path) -> bool:
        return self.is_confined and not Path(realpath(path)).is_relative_to(realpath(self.root))

    def _files(self, folder: Path, found: FoundFiles, above: set[tuple[int, int]]) -> Iterator[Path]:
        """Yield the files of a folder and its subfolders. Follows links, but never in a circle."""
        try:
            status = folder.stat()
            key = (status.st_dev, status.st_ino)
            if key in above or len(above) > MAX_DEPTH:
                return
            if self._is_outside(folder):
                found.unread.append(UnreadFile(self.name(folder) + "/", LEADS_OUT))
                return
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            found.unread.append(UnreadFile(self.name(folder) + "/", f"cannot be opened: {error.strerror}"))
            return
        for entry in entries:
            if is_folder(entry):
                yield from self._files(folder / entry.name, found, above | {key})
            else:
                yield folder / entry.name

    def _classify(self, path: Path, found: FoundFiles, *, is_log_folder: bool) -> None:
        prefix = next(
            (prefix for prefix in KIND_BY_PREFIX if path.name.startswith(prefix) and ".jsonl" in path.name), None
        )
        if not path.is_file() or not (prefix or LOOKS_LIKE_A_LOG.search(path.name)):
            return
        if prefix is None or not is_log_folder:
            found.unread.append(UnreadFile(self.name(path), OUTSIDE_LOGS if prefix else UNKNOWN_NAME))
        elif self._is_outside(path):
            found.unread.append(UnreadFile(self.name(path), LEADS_OUT))
        elif (compression := detect_compression(path)) and not compression.is_readable:
            found.unread.append(UnreadFile(self.name(path), compression.reason))
        else:
            found.paths.setdefault(prefix, []).append(path)


def is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_special(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())
