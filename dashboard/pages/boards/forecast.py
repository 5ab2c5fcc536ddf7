"""When a board will be done, at the pace of the last hours: a range, or the reason why there is none. Pure functions.

A stretch of time just behind us is cut into parts of equal length; in each, so many tasks were finished. What the next
`m` parts will bring, if they vary as those `n` did, lies around m × mean, within z × deviation × √(m + m²/n): the m
parts vary themselves, and the mean of only n parts is itself uncertain. The board is done when that reaches what is
left: at the earliest by the upper bound, at the latest by the lower. See docs/decisions/0010-forecast.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, sqrt
from statistics import mean, stdev

STEP = timedelta(minutes=10)  # in which finished tasks are counted
# The shortest stretch in which FEWEST tasks were finished is taken: the pace of today says more than that of last week.
STRETCHES = (
    (timedelta(hours=2), timedelta(minutes=10)),
    (timedelta(hours=8), timedelta(minutes=40)),
    (timedelta(days=1), timedelta(hours=2)),
    (timedelta(days=7), timedelta(hours=12)),
)
LONGEST = STRETCHES[-1][0]
DAY = timedelta(days=1)
FEWEST = 5  # finished tasks, for a pace; with fewer the range would say nothing
FEWEST_PARTS = 3
Z = 1.2816  # eight times in ten within the range: one in ten is sooner, one in ten later
FARTHEST = timedelta(days=90)  # a later end is "no later bound": nobody plans by it


@dataclass(frozen=True)
class Forecast:
    """Done between two times, from their pace in a stretch of time: `finished` tasks per part of it, the newest first.

    `earliest` is None where that may be any moment, `latest` where the pace varies too much to say.
    """

    earliest: datetime | None
    latest: datetime | None
    left: int
    stretch: timedelta
    part: timedelta
    finished: list[int]

    @property
    def total(self) -> int:
        return sum(self.finished)


@dataclass(frozen=True)
class NoForecast:
    """Why there is none."""

    reason: str


def forecast(
    left: int, free: int, finished: Sequence[int], age: timedelta, now: datetime
) -> Forecast | NoForecast | None:
    """None where nothing is left to forecast.

    `finished` are tasks per STEP over LONGEST; the newest step comes first and ends now. `free` of those that are left
    are neither blocked nor wait behind what is. `age` is the board's.
    """
    if not left:
        return None
    if free <= 0:
        return NoForecast(
            "Everything left is blocked or waiting behind a blocker. A forecast returns once work resumes."
        )
    if age < FEWEST_PARTS * STRETCHES[0][1]:
        return NoForecast("Too early for a forecast: the board is less than 30 minutes old.")
    if not sum(finished[: DAY // STEP]):
        return NoForecast("No forecast: no tasks were finished in the last 24 hours.")
    for stretch, part in STRETCHES:
        parts = parted(finished, stretch, part, age)
        if sum(parts) >= FEWEST and len(parts) >= FEWEST_PARTS:
            return ranging(left, parts, stretch, part, now)
    total = sum(finished)
    return NoForecast(f"Too few finished tasks for a forecast: {total} so far.")


def parted(finished: Sequence[int], stretch: timedelta, part: timedelta, age: timedelta) -> list[int]:
    """The finished tasks in each part of a stretch, newest first; of a younger board, the parts that it has lived."""
    steps = part // STEP
    number = min(stretch // part, age // part)
    return [sum(finished[n * steps : (n + 1) * steps]) for n in range(number)]


def ranging(left: int, parts: list[int], stretch: timedelta, part: timedelta, now: datetime) -> Forecast:
    pace, spread, number = mean(parts), stdev(parts), len(parts)

    def bound(z: float) -> Callable[[float], float]:
        return lambda m: m * pace + z * spread * sqrt(m + m * m / number)

    most = FARTHEST / part
    soonest, latest = (first_reaching(left, bound(z), most) for z in (Z, -Z))
    earliest = rounded(now + (most if soonest is None else soonest) * part, part, up=False)
    return Forecast(
        earliest=earliest if earliest > now else None,
        latest=None if latest is None else rounded(now + latest * part, part, up=True),
        left=left,
        stretch=min(stretch, number * part),
        part=part,
        finished=parts,
    )


def first_reaching(goal: float, bound: Callable[[float], float], most: float) -> float | None:
    """The least m at which the bound reaches the goal, below which it stays before; None where it does not."""
    if bound(most) < goal:
        return None
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if bound(middle) >= goal else (middle, high)
    return high


def rounded(moment: datetime, part: timedelta, *, up: bool) -> datetime:
    """Outwards, to half a part: no more exact than what it is made from, and the same for some minutes."""
    grain = max(part / 2, timedelta(minutes=5)).total_seconds()
    whole = (ceil if up else floor)(moment.timestamp() / grain)
    return datetime.fromtimestamp(whole * grain, UTC)
