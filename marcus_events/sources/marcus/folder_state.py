"""What a page needs of a follower's state, as JSON that stands in the table of followed folders.

Lines that cannot be read are named by file and line, with the kind of fault: what stands in them is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from marcus_events.sources.marcus.follower_state import FollowingState
from marcus_events.sources.marcus.installation import UnreadFile
from marcus_events.sources.marcus.records import Unreadable

MOST_NAMED = 20  # lines or files of each kind; all are counted
MOST_TEXT = 400  # characters of a name or a reason
FAILED = "failed"  # the follower ended with an error, and is started again
NUMBERS = (
    *("new", "known", "unreadable", "refused", "repaired", "held_back", "left_out", "on_no_board", "waiting"),
    "behind_bytes",
)

FolderStateJson = dict[str, Any]


def as_json(state: FollowingState | None, failure: str = "", leading_out: Iterable[str] = ()) -> FolderStateJson:
    """`failure` is why the follower ended; `leading_out` names links that keep it from reading."""
    found: FolderStateJson = {"activity": FAILED if failure else "starting", "reason": failure}
    if state is None:
        return found
    numbers = {name: value for name, value in asdict(state).items() if name in NUMBERS}
    line = state.last_line
    found |= numbers | {
        "activity": FAILED if failure else state.activity.value,
        "leading_out": list(leading_out),
        "since": stamp(state.since),
        "last_line": {"where": line.where, "at": stamp(line.at), "read_at": stamp(line.read_at)} if line else None,
        "unreadable_lines": named(state.unreadable_lines),
        "refused_lines": named(state.refused_lines),
        "unread_files": [as_pair(file) for file in state.unread_files[:MOST_NAMED]],
        "unread": len(state.unread_files),
    }
    return {name: clean(value) for name, value in found.items()}


def named(lines: Iterable[Unreadable]) -> list[list[str]]:
    """The newest first."""
    return [[line.where, kind_of(line.reason)] for line in list(lines)[: -MOST_NAMED - 1 : -1]]


def kind_of(reason: str) -> str:
    """Without what follows a colon, which may quote the line."""
    return reason.partition(":")[0]


def as_pair(file: UnreadFile) -> list[str]:
    return [file.name, file.reason]


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def clean(value: Any) -> Any:
    """Texts as the database takes them: without NUL and lone surrogates, of which names of files may be made."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:MOST_TEXT]
    if isinstance(value, dict):
        return {name: clean(inner) for name, inner in value.items()}
    return [clean(inner) for inner in value] if isinstance(value, list) else value
