"""How far a policy reaches: the newest position that may go, and who holds it back.

Time is when an event was recorded, which never decreases along the log: so a time is a place in it. What a producer's
clock says is another matter; an old file that was read in today is kept as long as what happened today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from marcus_events.log import read
from marcus_events.log.positions_by_time import position_at
from marcus_events.log.rows import Connection
from marcus_events.models import Checkpoint, Subscription

HOLDS_FOR = timedelta(days=7)  # that a durable subscription may be behind, beyond what a policy keeps


@dataclass(frozen=True)
class Reach:
    """The newest position that may go. `held_by` has not come so far, and is waited for; `passed_over` no more."""

    position: int
    held_by: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def reach(keep: timedelta, now: datetime, connection: Connection = None) -> Reach:
    wanted = recorded_before(now - keep, connection)
    latest = recorded_before(now - keep - HOLDS_FOR, connection)
    behind = {name: position for name, position in subscriptions() if position < wanted}
    held_by = {name: position for name, position in behind.items() if position >= latest}
    passed_over = tuple(sorted(set(behind) - set(held_by)))
    return Reach(min([wanted, projected(), *held_by.values()]), tuple(sorted(held_by)), passed_over)


def subscriptions() -> list[tuple[str, int]]:
    epoch = read.head().epoch
    return list(Subscription.objects.filter(epoch=epoch).values_list("name", "position"))


def projected() -> int:
    """What a projection has not seen stays, whatever its age: nobody could tell it afterwards."""
    return min(Checkpoint.objects.values_list("position", flat=True), default=0)


def recorded_before(moment: datetime, connection: Connection = None) -> int:
    """The last position before those recorded from a moment on; before the oldest where all are."""
    return position_at(moment, read.head(connection), connection) - 1
