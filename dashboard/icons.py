"""Which picture stands beside an event. A picture never stands alone: the sentence says the same in words."""

from __future__ import annotations

from typing import Literal

from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import category_of

Tone = Literal["danger", "good", "work", "plain"]

BY_TYPE: dict[str, tuple[str, Tone]] = {
    T.TASK_CREATED: ("plus", "plain"),
    T.TASK_ASSIGNED: ("hand", "plain"),
    T.TASK_STARTED: ("play", "work"),
    T.TASK_PROGRESS: ("progress", "work"),
    T.TASK_COMPLETED: ("check", "good"),
    T.TASK_UPDATED: ("boards", "plain"),
    T.TASK_BLOCKED: ("blocked", "danger"),
    T.REPORT_REFUSED: ("warning", "plain"),
    T.REPORT_UNANSWERED: ("warning", "plain"),
    T.BLOCKER_RESOLVED: ("unblocked", "good"),
    T.ANSWER_FAILED: ("warning", "danger"),
    T.BLOCKER_SUGGESTION: ("idea", "plain"),
    T.BLOCKER_UPDATED: ("blocked", "plain"),
    T.DEPENDENCY_DETECTED: ("link", "plain"),
    T.DECISION_LOGGED: ("fork", "plain"),
    T.KANBAN_ERROR: ("warning", "danger"),
    T.ERROR: ("warning", "danger"),
    T.WARNING: ("warning", "plain"),
    T.FALLBACK_MODE: ("warning", "danger"),
    T.PROJECT_CREATED: ("boards", "plain"),
    T.PROJECT_COMPLETED: ("check", "good"),
}
BY_CATEGORY = {
    "task": "progress",
    "agent": "agent",
    "context": "link",
    "system": "system",
    "board": "boards",
    "audit": "audit",
    "other": "dot",
}


def icon_of(event_type: str) -> tuple[str, Tone]:
    return BY_TYPE.get(event_type) or (BY_CATEGORY[category_of(event_type)], "plain")
