"""Which files of a Marcus installation there are, as of now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marcus_events.sources.marcus.databases import changed_at
from marcus_events.sources.marcus.records import Kind

LOGS = (
    (Kind.REALTIME, "logs/conversations", "realtime_"),
    (Kind.AGENT_EVENTS, "logs/agent_events", "agent_events_"),
    (Kind.CONVERSATIONS, "logs/conversations", "conversations_"),
    (Kind.CONVERSATIONS, "logs/conversations", "decisions_"),
)
NAME = re.compile(r".*\.jsonl(\.\d+)?")  # a rotated file ends in a number


@dataclass(frozen=True)
class Log:
    """A file of lines. `superseded`: a newer one of its kind exists, so that nobody is about to end its last line."""

    kind: Kind
    path: Path
    superseded: bool


@dataclass(frozen=True)
class Installation:
    """A folder that holds, or will hold, Marcus's `data/` and `logs/`."""

    root: Path

    @property
    def events(self) -> Path:
        return self.root / "data" / "marcus.db"

    @property
    def board(self) -> Path:
        return self.root / "data" / "kanban.db"

    @property
    def folders(self) -> list[Path]:
        return [folder for name in ("data", "logs") if (folder := self.root / name).is_dir()]

    def exists(self) -> bool:
        return self.events.is_file() or self.board.is_file() or any(True for _ in self.logs())

    def logs(self) -> Iterator[Log]:
        """The files of lines, oldest first within a kind."""
        for kind, folder, prefix in LOGS:
            found = (self.root / folder).glob(f"{prefix}*")
            paths = sorted(path for path in found if NAME.fullmatch(path.name) and path.is_file())
            newest = max(paths, key=changed_at, default=None)
            for path in paths:
                if prefix != "decisions_" or not self.is_told_whole(path):
                    yield Log(kind, path, superseded=path != newest)

    def is_told_whole(self, decisions: Path) -> bool:
        """Every line of a decisions file stands in the conversations file of the same start too."""
        return decisions.with_name(decisions.name.replace("decisions_", "conversations_", 1)).is_file()
