"""The removal horizon of a policy: the newest position that may be removed, and which subscriptions hold it back.

Age is the time since an event was recorded, not since its producer says that it happened. Recorded times never decrease
along the log, so a time is a position. An old file that is read in today is kept as long as today's events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from marcus_events.log import read
from marcus_events.log.positions_by_time import position_at
from marcus_events.log.rows import Connection
from marcus_events.models import Checkpoint, Subscription

MAX_SUBSCRIPTION_LAG = timedelta(days=7)  # beyond what a policy keeps; then its events are removed all the same


@dataclass(frozen=True)
class RemovalHorizon:
    """The newest position that may be removed.

    `held_by` names the subscriptions that are behind and hold it back, `passed_over` those that are too far behind to.
    """

    position: int
    held_by: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def removal_horizon(keep: timedelta, now: datetime, connection: Connection = None) -> RemovalHorizon:
    """The horizon of policies that keep events for this long."""
    wanted = recorded_before(now - keep, connection)
    latest = recorded_before(now - keep - MAX_SUBSCRIPTION_LAG, connection)
    behind = {name: position for name, position in subscription_positions() if position < wanted}
    held_by = {name: position for name, position in behind.items() if position >= latest}
    passed_over = tuple(sorted(set(behind) - set(held_by)))
    return RemovalHorizon(min([wanted, projected_to(), *held_by.values()]), tuple(sorted(held_by)), passed_over)


def subscription_positions() -> list[tuple[str, int]]:
    epoch = read.head().epoch
    return list(Subscription.objects.filter(epoch=epoch).values_list("name", "position"))


def projected_to() -> int:
    """The position that all projections have reached. Later events stay: no projection could read them afterwards."""
    return min(Checkpoint.objects.values_list("position", flat=True), default=0)


def recorded_before(moment: datetime, connection: Connection = None) -> int:
    """The last position that was recorded before a moment; the one before the oldest where none was."""
    return position_at(moment, read.head(connection), connection) - 1
