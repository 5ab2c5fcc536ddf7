"""A follower's state as JSON for the table of followed folders.

Unreadable lines are named by file, line and kind of fault. Their content is never stored: it may be confidential.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from marcus_events.sources.marcus.follower_state import FollowingState
from marcus_events.sources.marcus.installation import UnreadFile
from marcus_events.sources.marcus.records import Unreadable

MAX_NAMED = 20  # lines or files of each kind; all are counted
MAX_TEXT_CHARS = 400  # characters of a name or a reason
FAILED = "failed"  # the follower ended with an error and will be restarted
NUMBERS = (
    *("new", "known", "unreadable", "refused", "repaired", "held_back", "left_out", "on_no_board", "waiting"),
    "behind_bytes",
)

FolderStateJson = dict[str, Any]


def state_to_json(state: FollowingState | None, failure: str = "", leading_out: Iterable[str] = ()) -> FolderStateJson:
    """Convert the state; `failure` is why the follower ended, `leading_out` lists links out of the folder that block
    it.
    """
    found: FolderStateJson = {"activity": FAILED if failure else "starting", "reason": failure}
    if state is None:
        return found
    numbers = {name: value for name, value in asdict(state).items() if name in NUMBERS}
    line = state.last_line
    found |= numbers | {
        "activity": FAILED if failure else state.activity.value,
        "leading_out": list(leading_out),
        "since": format_time(state.since),
        "last_line": {"where": line.where, "at": format_time(line.at), "read_at": format_time(line.read_at)}
        if line
        else None,
        "unreadable_lines": newest_lines(state.unreadable_lines),
        "refused_lines": newest_lines(state.refused_lines),
        "unread_files": [as_pair(file) for file in state.unread_files[:MAX_NAMED]],
        "unread": len(state.unread_files),
    }
    return {name: clean(value) for name, value in found.items()}


def newest_lines(lines: Iterable[Unreadable]) -> list[list[str]]:
    """Return place and kind of fault of each line, newest first."""
    return [[line.where, fault_kind(line.reason)] for line in list(lines)[: -MAX_NAMED - 1 : -1]]


def fault_kind(reason: str) -> str:
    """Cut off what follows a colon, which may quote the line."""
    return reason.partition(":")[0]


def as_pair(file: UnreadFile) -> list[str]:
    return [file.name, file.reason]


def format_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def clean(value: Any) -> Any:
    """Make text storable: without NUL and lone surrogates, which file names may contain, and limited in length."""
    if isinstance(value, str):
        return (
            value.encode(errors="backslashreplace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:MAX_TEXT_CHARS]
        )
    if isinstance(value, dict):
        return {name: clean(inner) for name, inner in value.items()}
    return [clean(inner) for inner in value] if isinstance(value, list) else value
