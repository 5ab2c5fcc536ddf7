"""The tables, by what they are for: the log, what is so by it, durable subscriptions, the doors, and what proves it."""

from marcus_events.models.audit import Redaction, Seal, Verification
from marcus_events.models.doors import RefusedRequest, Token
from marcus_events.models.log import LoggedEvent, LogHead
from marcus_events.models.present import (
    Agent,
    Blocker,
    Board,
    Checkpoint,
    Dependency,
    HourlyRate,
    Interval,
    IntervalQuerySet,
    Rate,
    Task,
)
from marcus_events.models.subscriptions import ParkedEvent, Subscription

__all__ = [
    "Agent",
    "Blocker",
    "Board",
    "Checkpoint",
    "Dependency",
    "HourlyRate",
    "Interval",
    "IntervalQuerySet",
    "LogHead",
    "LoggedEvent",
    "ParkedEvent",
    "Rate",
    "Redaction",
    "RefusedRequest",
    "Seal",
    "Subscription",
    "Task",
    "Token",
    "Verification",
]
