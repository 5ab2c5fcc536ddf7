"""How an agent is, in words: what it is at and since when, or that nothing is heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.headline import QUIET
from dashboard.timeline.status_intervals import StatusKind, kind_of
from marcus_events.core.sentences import short

SILENT = 2 * QUIET  # one late report is no news, two missed ones are
EXPECTED: tuple[StatusKind, ...] = ("working", "waiting")  # to report, or to ask again; who is idle or blocked need not
TITLES: dict[StatusKind, str] = {
    "working": "Working",
    "blocked": "Blocked",
    "waiting": "Waiting for work",
    "idle": "Idle",
    "other": "Other",
}

HealthTone = Literal["danger", "attention", "good", "plain"]


@dataclass(frozen=True)
class HealthStatus:
    """`words` are followed by how long ago `since` is, and by `why` where that is known."""

    tone: HealthTone
    icon: str
    words: str
    since: datetime
    why: str = ""


def verdict(status: str, since: datetime, life: datetime | None, why: str, now: datetime) -> HealthStatus:
    """Of an agent in a status since then, whose last sign of life was at `life`. `why` is what blocks it.

    An agent that was only just given something has not been silent yet, however long ago it was last heard of.
    """
    kind = kind_of(status)
    if kind in EXPECTED and now - max(life or since, since) > SILENT:
        return HealthStatus("attention", "warning", "No signal for", life or since)
    match kind:
        case "blocked":
            return HealthStatus("danger", "blocked", "Blocked for", since, why)
        case "working":
            return HealthStatus("good", "progress", "Working for", since)
        case "waiting":
            return HealthStatus("plain", "hand", "Waiting for work for", since)
        case "idle":
            return HealthStatus("plain", "dot", "Idle for", since)
    return HealthStatus("plain", "dot", f"Status “{short(status)}” for", since)


def status_words(status: str, task: str = "") -> str:
    """What an agent is or was at: "Working on Build login"."""
    kind = kind_of(status)
    title = short(status) if kind == "other" else TITLES[kind]
    return f"{title} on {task}" if task and kind in ("working", "blocked") else title
