"""Forecasts when a board will be done at its recent pace: a range, or the reason why there is none. Pure functions.

A recent stretch of time is divided into n parts of equal length, each with its number of finished tasks. The next m
parts will finish about m × mean tasks, within z × deviation × √(m + m²/n): the m parts vary themselves, and the mean of
only n parts is uncertain too. The board is done when that reaches the number of remaining tasks: at the earliest by the
upper bound, at the latest by the lower. See docs/decisions/0010-forecast.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, sqrt
from statistics import mean, stdev

STEP = timedelta(minutes=10)  # interval in which finished tasks are counted
# The shortest stretch with FEWEST finished tasks is used: today's pace says more than last week's.
STRETCHES = (
    (timedelta(hours=2), timedelta(minutes=10)),
    (timedelta(hours=8), timedelta(minutes=40)),
    (timedelta(days=1), timedelta(hours=2)),
    (timedelta(days=7), timedelta(hours=12)),
)
LONGEST = STRETCHES[-1][0]
DAY = timedelta(days=1)
FEWEST = 5  # finished tasks needed; with fewer the range would be meaningless
FEWEST_PARTS = 3
Z = 1.2816  # an 80 % interval: one in ten is sooner, one in ten later
FARTHEST = timedelta(days=90)  # later ends are reported as no upper bound


@dataclass(frozen=True)
class Forecast:
    """Done between two times; `finished` counts tasks per part of the stretch, newest first.

    `earliest` is None if it may be any moment, `latest` if the pace varies too much.
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
    """The reason why there is no forecast."""

    reason: str


def forecast(
    left: int, free: int, finished: Sequence[int], age: timedelta, now: datetime
) -> Forecast | NoForecast | None:
    """Return a forecast; None if no task is left.

    `finished` counts tasks per STEP over LONGEST, newest first and ending now. `free` remaining tasks are neither
    blocked nor waiting behind a blocked one. `age` is the board's.
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
    """Return the finished tasks per part, newest first; only parts within the board's age."""
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
    """Return the smallest m at which the bound reaches the goal; None if it does not."""
    if bound(most) < goal:
        return None
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if bound(middle) >= goal else (middle, high)
    return high


def rounded(moment: datetime, part: timedelta, *, up: bool) -> datetime:
    """Round outwards to half a part, which matches the precision of the data and stays stable for some minutes."""
    grain = max(part / 2, timedelta(minutes=5)).total_seconds()
    whole = (ceil if up else floor)(moment.timestamp() / grain)
    return datetime.fromtimestamp(whole * grain, UTC)
