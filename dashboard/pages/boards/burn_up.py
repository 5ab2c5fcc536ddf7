"""A board's burn-up: how many tasks there were over time, and how many of them were done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Min

from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event import utc_now
from marcus_events.log import board_removals

WIDTH, HEIGHT = 600, 160  # of the view box
MOST_STEPS = 60
ROWS = 15  # of the table
STEPS = [
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14, 28, 56, 112, 364)),
]
Change = tuple[str, str, datetime]  # task, status, since


@dataclass(frozen=True)
class Sample:
    """The numbers of tasks at the end of a step; `x` is its place in the view box."""

    at: datetime
    total: int
    done: int
    x: float
    width: float

    @property
    def left(self) -> int:
        return self.total - self.done


@dataclass(frozen=True)
class BurnUp:
    """`rows` are the samples of the table, newest first."""

    samples: list[Sample]
    total_line: str
    done_area: str
    form: str  # of the times along the axis
    rows: list[Sample]

    width, height = WIDTH, HEIGHT

    @property
    def last(self) -> Sample:
        return self.samples[-1]

    @property
    def middle(self) -> Sample:
        return self.samples[len(self.samples) // 2]


def burn_up(scope: Scope, now: datetime | None = None) -> BurnUp | None:
    """Return the chosen board's burn-up; None without tasks."""
    changes = status_changes(scope)
    return drawn(changes, now or utc_now()) if changes else None


def status_changes(scope: Scope) -> list[Change]:
    """Return the status changes of the board's tasks, in order. Those before its removal are of another board."""
    if not scope.boards:
        return []
    removed = board_removals.last_removals(scope.boards).get(scope.board, 0)
    rows = models.Task.objects.filter(**scope.on(), from_position__gt=removed).values(
        "task_id", "status", "status_since"
    )
    grouped = rows.annotate(first=Min("from_position")).order_by("status_since", "first")
    return list(grouped.values_list("task_id", "status", "status_since"))


def drawn(changes: list[Change], now: datetime) -> BurnUp:
    ends = step_ends(changes[0][2], now)
    numbers = list(counted(changes, ends))
    top = max(total for total, _ in numbers) or 1
    width = WIDTH / len(ends)
    samples = [
        Sample(at, total, done, round(n * width, 2), round(width, 2))
        for n, (at, (total, done)) in enumerate(zip(ends, numbers, strict=True))
    ]
    done = line([(sample.x, sample.done) for sample in samples], top)
    every = -(-len(samples) // ROWS)
    return BurnUp(
        samples=samples,
        total_line=f"M{line([(sample.x, sample.total) for sample in samples], top)}",
        done_area=f"M0 {HEIGHT}L{done}V{HEIGHT}Z",
        form="axis" if ends[-1] - ends[0] >= timedelta(days=1) else "minutes",
        rows=samples[::-1][::every],
    )


def step_ends(first: datetime, now: datetime) -> list[datetime]:
    """Return the ends of steps of equal length from the first change to now: round times, at most MOST_STEPS."""
    step = next((step for step in STEPS if (now - first) / step < MOST_STEPS - 1), STEPS[-1])
    last = floor(now, step) + step
    number = min(max((last - floor(first, step)) // step, 1), MOST_STEPS)
    return [last - step * n for n in reversed(range(number))]


def floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - datetime(1970, 1, 5, tzinfo=UTC)) % step  # a Monday


def counted(changes: list[Change], ends: Iterable[datetime]) -> Iterable[tuple[int, int]]:
    """Yield the numbers of tasks and of done ones at each of these times."""
    status: dict[str, str] = {}
    done = n = 0
    for end in ends:
        while n < len(changes) and changes[n][2] <= end:
            task, new, _ = changes[n]
            done += (new == "done") - (status.get(task) == "done")
            status[task] = new
            n += 1
        yield len(status), done


def line(points: list[tuple[float, int]], top: int) -> str:
    """Return a line that goes up in steps, over the whole width."""
    heights = [(x, round(HEIGHT - value / top * (HEIGHT - 4), 1)) for x, value in points]
    return f"0 {heights[0][1]}" + "".join(f"H{x}V{y}" for x, y in heights[1:]) + f"H{WIDTH}"
