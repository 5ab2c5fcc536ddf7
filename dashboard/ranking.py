"""What first: what it costs to leave it alone."""

from __future__ import annotations

from datetime import datetime

SEVERITY_WEIGHT = {"low": 1, "medium": 2, "high": 4, "critical": 8}


def cost(standing: int, opened_at: datetime, severity: str, now: datetime) -> float:
    """Tasks that stand still, blocked ones and those behind them, × minutes they have stood × severity."""
    minutes = max(1.0, (now - opened_at).total_seconds() / 60)
    return standing * minutes * SEVERITY_WEIGHT.get(severity, SEVERITY_WEIGHT["medium"])
