"""An agent's health as text: its status and since when, or that it gives no sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.headline import QUIET
from dashboard.timeline.status_intervals import StatusKind, kind_of
from marcus_events.core.sentences import short

SILENCE_LIMIT = 2 * QUIET  # one late report is normal, two missed ones are not
EXPECTED: tuple[StatusKind, ...] = ("working", "waiting")  # must report or ask again; idle and blocked agents need not
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
    """`words` are followed by the time since `since`, and by `why` if known."""

    tone: HealthTone
    icon: str
    words: str
    since: datetime
    why: str = ""


def verdict(status: str, since: datetime, life: datetime | None, why: str, now: datetime) -> HealthStatus:
    """Return the health of an agent in a status; `life` is its last sign of life, `why` what blocks it.

    An agent that just received a task is not silent yet, however old its last sign of life is.
    """
    kind = kind_of(status)
    if kind in EXPECTED and now - max(life or since, since) > SILENCE_LIMIT:
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
    """Describe a status: "Working on Build login"."""
    kind = kind_of(status)
    title = short(status) if kind == "other" else TITLES[kind]
    return f"{title} on {task}" if task and kind in ("working", "blocked") else title
