"""Which blocker first: what it costs to leave it alone."""

from __future__ import annotations

from datetime import datetime

SEVERITY_WEIGHT = {"low": 1, "medium": 2, "high": 4, "critical": 8}


def cost(waiting: int, opened_at: datetime, severity: str, now: datetime) -> float:
    """Tasks that stand still × minutes they have stood × severity. The blocked task itself stands too."""
    minutes = max(1.0, (now - opened_at).total_seconds() / 60)
    return (1 + waiting) * minutes * SEVERITY_WEIGHT.get(severity, SEVERITY_WEIGHT["medium"])
