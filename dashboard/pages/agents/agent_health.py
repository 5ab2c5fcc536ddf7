"""An agent's health: its status and since when, or that it gives no sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    "offline": "Offline",
    "silent": "No signal",
}
OFFLINE_AFTER = timedelta(days=1)  # an idle agent that was not heard of for so long has probably ended

HealthTone = Literal["danger", "attention", "good", "plain"]


@dataclass(frozen=True)
class HealthStatus:
    """`words` are followed by the time since `since`, and by `why` if known. `kind` may differ from the status that
    the agent reported: a silent one still states that it works.
    """

    kind: StatusKind
    tone: HealthTone
    icon: str
    words: str
    since: datetime
    why: str = ""


def verdict(status: str, since: datetime, life: datetime | None, why: str, now: datetime) -> HealthStatus:
    """Return the health of an agent in a status; `life` is its last sign of life, `why` what blocks it.

    An agent that just received a task is not silent yet, however old its last sign of life is.
    """
    kind = health_kind(status, since, life, now)
    match kind:
        case "silent":
            return HealthStatus(kind, "attention", "warning", "No signal for", life or since)
        case "offline":
            at = since if kind_of(status) == "offline" else life or since
            return HealthStatus(kind, "plain", "offline", "Offline for", at)
        case "blocked":
            return HealthStatus(kind, "danger", "blocked", "Blocked for", since, why)
        case "working":
            return HealthStatus(kind, "good", "progress", "Working for", since)
        case "waiting":
            return HealthStatus(kind, "plain", "hand", "Waiting for work for", since)
        case "idle":
            return HealthStatus(kind, "plain", "dot", "Idle for", since)
    return HealthStatus("other", "plain", "dot", f"Status “{short(status)}” for", since)


def health_kind(status: str, since: datetime, life: datetime | None, now: datetime) -> StatusKind:
    """Return the kind of an agent's status, or that it is silent or offline."""
    kind, quiet_for = kind_of(status), now - max(life or since, since)
    if kind in EXPECTED and quiet_for > SILENCE_LIMIT:
        return "silent"
    return "offline" if kind in ("idle", "other") and quiet_for > OFFLINE_AFTER else kind


def status_words(status: str, task: str = "") -> str:
    """Describe a status: "Working on Build login"."""
    kind = kind_of(status)
    title = short(status) if kind == "other" else TITLES[kind]
    return f"{title} on {task}" if task and kind in ("working", "blocked") else title
