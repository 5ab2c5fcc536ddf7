"""The list of followed folders with the state of each follower."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.headline import count
from marcus_events.core.event import utc_now
from marcus_events.models import FollowedFolder

SILENT_AFTER = timedelta(seconds=20)  # followers save their state every five seconds

NO_MARCUS = (
    "There are no Marcus files in this folder: it needs data/marcus.db, data/kanban.db or files under logs/."
    " Reading starts when they appear."
)
SILENT = "No server process is following this folder. Following resumes when one runs."
LEADS_OUT = "{} links outside the folder or is not a regular file. Reading starts when it is removed."

WORDS = {  # activity → words, tone, icon
    "starting": ("Starting", "", "progress"),
    "waiting": ("Waiting for Marcus", "", "pause"),
    "following": ("Following", "good", "check"),
    "database_away": ("Waiting for the database", "danger", "warning"),
    "failed": ("Failed, retrying", "danger", "warning"),
    "stopped": ("Stopping", "", "progress"),
    "silent": ("Not being followed", "danger", "warning"),
}
# Counter of the state, noun, suffix, explanation. Zeros are not shown.
COUNTS = (
    ("repaired", "repaired line", "", "Records recovered from damaged lines."),
    (
        "held_back",
        "record",
        " held back",
        "Times without a zone that cannot be UTC. Stop following the folder, then add it again with its time zone.",
    ),
    ("on_no_board", "event", " without a board", "They name no project or task, and there are several projects."),
    ("waiting", "request", " without Marcus's answer", "They are added when Marcus answers."),
    ("left_out", "line", " of conversation skipped", "Messages between agents and Marcus that describe no action."),
)


@dataclass(frozen=True)
class FolderTrouble:
    """Lines or files with one kind of problem: how many, and the newest by name."""

    words: str
    items: list[list[str]]
    hidden: int


@dataclass(frozen=True)
class LastRead:
    where: str
    at: datetime
    read_at: datetime


@dataclass(frozen=True)
class FolderRow:
    folder: FollowedFolder
    words: str
    tone: str
    icon: str
    reason: str
    last: LastRead | None
    counts: list[tuple[str, str]]  # text and explanation
    named: list[FolderTrouble]

    @property
    def state(self) -> dict[str, Any]:
        return self.folder.state or {}

    @property
    def since(self) -> datetime:
        """When its follower started."""
        return datetime.fromisoformat(self.state["since"]) if "since" in self.state else self.folder.added_at


def find(pk: int) -> FollowedFolder | None:
    return FollowedFolder.objects.filter(pk=pk).first()


def followed() -> list[FolderRow]:
    now = utc_now()
    return [row(folder, now) for folder in FollowedFolder.objects.order_by("added_at", "pk")]


def row(folder: FollowedFolder, now: datetime) -> FolderRow:
    state = folder.state or {}
    activity = activity_of(folder, now)
    words, tone, icon = WORDS.get(activity, WORDS["starting"])
    counts = [(count(state[name], noun) + rest, meaning) for name, noun, rest, meaning in COUNTS if state.get(name)]
    return FolderRow(folder, words, tone, icon, reason(activity, state), last_read(state), counts, troubles(state))


def activity_of(folder: FollowedFolder, now: datetime) -> str:
    if now - (folder.state_at or folder.added_at) > SILENT_AFTER:
        return "silent"
    return str((folder.state or {}).get("activity", "starting"))


def reason(activity: str, state: dict[str, Any]) -> str:
    if activity == "silent":
        return SILENT
    if activity != "waiting":
        return str(state.get("reason", ""))
    leading_out = state.get("leading_out")
    return LEADS_OUT.format(leading_out[0]) if leading_out else NO_MARCUS


def last_read(state: dict[str, Any]) -> LastRead | None:
    line = state.get("last_line")
    if not line:
        return None
    return LastRead(line["where"], datetime.fromisoformat(line["at"]), datetime.fromisoformat(line["read_at"]))


def troubles(state: dict[str, Any]) -> list[FolderTrouble]:
    found = (
        (state.get("unreadable", 0), "unreadable line", state.get("unreadable_lines", [])),
        (state.get("refused", 0), "rejected event", state.get("refused_lines", [])),
        (state.get("unread", 0), "unread file", state.get("unread_files", [])),
    )
    return [FolderTrouble(count(number, noun), items, number - len(items)) for number, noun, items in found if number]
