"""The state of durable subscriptions, for people: position, lag, owner and parked events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marcus_events.log.rows import Connection, rows
from marcus_events.models import ParkedEvent, Subscription

STATES = """
SELECT name, patterns, s.position, greatest(head.position - s.position, 0),
       CASE WHEN leased_until > clock_timestamp() THEN owner ELSE '' END,
       (SELECT count(*) FROM parked_event WHERE subscription_id = name), attempts, last_error
FROM subscription AS s, log_head AS head ORDER BY name
"""


class NoSubscription(LookupError):
    """There is no durable subscription of this name."""


class NotParked(LookupError):
    """The subscription has not parked this event."""


class HasOwner(RuntimeError):
    """A process runs this subscription, and would create it again."""


@dataclass(frozen=True)
class SubscriptionState:
    """`lag` is in positions; `owner` is "" while no process runs it; `retrying` counts failures on the next event."""

    name: str
    patterns: str
    position: int
    lag: int
    owner: str
    parked: int
    retrying: int
    last_error: str


def states(connection: Connection = None) -> list[SubscriptionState]:
    return [SubscriptionState(*row) for row in rows(STATES, [], connection)]


def state(name: str) -> SubscriptionState:
    """Raises NoSubscription."""
    for found in states():
        if found.name == name:
            return found
    raise NoSubscription(f"Subscription {name} does not exist.")


def parked(name: str) -> list[ParkedEvent]:
    """The parked events, oldest first. Raises NoSubscription."""
    return list(ParkedEvent.objects.filter(subscription=state(name).name).order_by("position"))


def replay(name: str, position: int | None = None) -> int:
    """Mark one parked event for replay, or all; return how many. Raises NoSubscription or NotParked."""
    return int(select_parked(name, position).update(replay=True))


def skip(name: str, position: int | None = None) -> int:
    """Delete one parked event, or all; return how many. Raises NoSubscription or NotParked."""
    return int(select_parked(name, position).delete()[0])


def remove(name: str) -> None:
    """Delete the subscription and its parked events. Raises NoSubscription or HasOwner."""
    if owner := state(name).owner:
        raise HasOwner(f"{name} is running on {owner}. Stop it first.")
    Subscription.objects.filter(name=name).delete()


def select_parked(name: str, position: int | None) -> Any:
    rows = ParkedEvent.objects.filter(subscription=state(name).name)
    if position is not None and not (rows := rows.filter(position=position)).exists():
        raise NotParked(f"{name} has no parked event at {position}.")
    return rows
