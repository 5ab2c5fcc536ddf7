"""How long something was in which status: a bar of what came after what, and the sum for each.

Pure. Moments never run backwards within a task: see `marcus_events.core.reducers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.charts.bars import Segment, segments
from marcus_events.core.state import TASK_STATUSES

STATUSES = {status: title for status, title in TASK_STATUSES.items() if status != "done"}
WORK = ("assigned", "in_progress", "blocked")  # what a task goes through once somebody has it
STEP = timedelta(seconds=30)  # the bar is drawn anew no more often, while nothing happens


@dataclass(frozen=True)
class StatusInterval:
    """In one status from one moment to another; `end` is None where it still is."""

    status: str
    start: datetime
    end: datetime | None
    length: timedelta


@dataclass(frozen=True)
class StatusTotal:
    status: str
    title: str
    length: timedelta
    times: int
    is_now: bool


@dataclass(frozen=True)
class StatusTimeline:
    """`lead` is from its creation to its end, `cycle` from when somebody first had it: None while it is not done."""

    stays: list[StatusInterval]
    totals: list[StatusTotal]
    segments: list[Segment]
    start: datetime | None
    end: datetime | None
    lead: timedelta | None
    cycle: timedelta | None


def timeline(changes: Sequence[tuple[str, datetime]], now: datetime) -> StatusTimeline:
    """Of (status, since when) in their order. When it is done, time stops for it."""
    now = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % STEP + STEP
    ends = (*(start for _, start in changes[1:]), None)
    stays = [stay(status, start, end, now) for (status, start), end in zip(changes, ends, strict=False)]
    lasting = [found for found in stays if found.end or found.status != "done"]
    is_done = bool(stays) and stays[-1].status == "done"
    end = stays[-1].start if is_done else None
    begun = next((found.start for found in stays if found.status in WORK), None)
    return StatusTimeline(
        stays=stays,
        totals=totals(lasting, stays),
        segments=segments([(found.status, round(found.length / timedelta(milliseconds=1))) for found in lasting]),
        start=stays[0].start if stays else None,
        end=end,
        lead=end - stays[0].start if end else None,
        cycle=end - begun if end and begun else None,
    )


def stay(status: str, start: datetime, end: datetime | None, now: datetime) -> StatusInterval:
    return StatusInterval(status, start, end, max((end or now) - start, timedelta()))


def totals(lasting: list[StatusInterval], stays: list[StatusInterval]) -> list[StatusTotal]:
    """One for each status that a task can linger in, and for what it was in besides."""
    others = dict.fromkeys(found.status for found in lasting if found.status not in STATUSES)
    names = STATUSES | dict.fromkeys(others, "Done, before it was reopened")
    return [
        StatusTotal(
            status,
            title,
            sum((found.length for found in lasting if found.status == status), timedelta()),
            sum(found.status == status for found in lasting),
            bool(stays) and stays[-1].status == status,
        )
        for status, title in names.items()
    ]
