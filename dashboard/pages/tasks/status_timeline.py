"""How long a task was in each status: a bar of intervals, and totals.

Pure functions. Times never run backwards within a task: see `marcus_events.core.reducers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.charts.bars import Segment, segments
from marcus_events.core.state import TASK_STATUSES

STATUSES = {status: title for status, title in TASK_STATUSES.items() if status != "done"}
WORK = ("assigned", "in_progress", "blocked")  # statuses of an assigned task
STEP = timedelta(seconds=30)  # the bar is redrawn at most this often without new events


@dataclass(frozen=True)
class StatusInterval:
    """An interval in one status; `end` is None for the current one."""

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
    """`lead` is the time from creation to completion, `cycle` from first assignment: None until done."""

    stays: list[StatusInterval]
    totals: list[StatusTotal]
    segments: list[Segment]
    start: datetime | None
    end: datetime | None
    lead: timedelta | None
    cycle: timedelta | None


def timeline(changes: Sequence[tuple[str, datetime]], now: datetime) -> StatusTimeline:
    """Build the timeline from (status, since) in order. Time stops when the task is done."""
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
    """Return a total for each status that a task may stay in, and for others that occurred."""
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
