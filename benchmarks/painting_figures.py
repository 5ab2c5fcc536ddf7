"""What a page's record says about the events that were published meanwhile."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.even_publishing import PROBE_VALUES, Published

SESSION_GAP_MS, SESSION_MS = 1_000, 5_000  # layout shifts are summed up within such windows: the definition of CLS


@dataclass(frozen=True)
class Latencies:
    """Milliseconds from just before the request to the painted frame. `missing` were never painted."""

    ms: list[float]
    missing: int = 0

    def percentile(self, percent: int) -> float:
        """Those that are missing count as later than all others."""
        values = sorted(self.ms) + [float("inf")] * self.missing
        return values[min(len(values) - 1, len(values) * percent // 100)] if values else float("nan")


@dataclass(frozen=True)
class Load:
    """`rate` is of the events that were sent, `late_s` how late the latest one was; the rest is shares of a core."""

    rate: float
    late_s: float
    web: float
    worker: float


@dataclass(frozen=True)
class PageFigures:
    """`rows`: how many events got a row of their own, were counted in a folded row, were trimmed from the list before
    they were painted, or never came. `state` is when a number of the page stood for an event or a later one.
    """

    page: str
    events: int
    load: Load
    latencies: Latencies
    rows: dict[str, int] = field(default_factory=dict)
    state: Latencies | None = None
    state_paints: int = 0
    long_tasks_ms: list[float] = field(default_factory=list)
    layout_shift: float = 0.0


def figures(
    page: str, found: dict[str, Any], published: Published, load: Load, counted_before: int | None
) -> PageFigures:
    """`counted_before` is what the page's counter showed before the first of these events, None where it has probes."""
    ahead_ms, numbers = found["ahead_ms"], list(found["numbers"].values())
    latencies, rows = of_rows(found["rows"], published, ahead_ms)
    state = None
    if numbers:
        [log] = numbers
        sent = published.probes if counted_before is None else [published.sent[n] for n in sorted(published.sent)]
        reached = (
            unwrapped(log, published.progress_before)
            if counted_before is None
            else [(n - counted_before, at) for n, at in log]
        )
        state = of_state(reached, sent, ahead_ms)
    return PageFigures(
        page,
        len(published.sent),
        load,
        latencies,
        rows,
        state,
        len(numbers[0]) if numbers else 0,
        [duration for _, duration in found["longTasks"]],
        cumulative_layout_shift(found["shifts"]),
    )


def of_rows(rows: dict[str, Any], published: Published, ahead_ms: float) -> tuple[Latencies, dict[str, int]]:
    """The latencies of events whose row was painted, or counted in that of a neighbour; and what became of all."""
    ms, counts = [], dict.fromkeys(("row", "folded", "trimmed", "never"), 0)
    for position, sent_at in published.sent.items():
        at, standing = rows.get(str(position), (0.0, "never"))
        counts[standing] += 1
        if standing in ("row", "folded"):
            ms.append(at - ahead_ms - sent_at * 1000)
    return Latencies(ms, counts["trimmed"] + counts["never"]), counts


def of_state(reached: Sequence[tuple[int, float]], sent: Sequence[float], ahead_ms: float) -> Latencies:
    """`reached` says how many of the events the page stood for, and when that was painted."""
    ms, steps = [], iter(reached)
    step = next(steps, None)
    for number, sent_at in enumerate(sent, 1):
        while step and step[0] < number:
            step = next(steps, None)
        if step is None:
            break
        ms.append(step[1] - ahead_ms - sent_at * 1000)
    return Latencies(ms, len(sent) - len(ms))


def unwrapped(log: Iterable[tuple[int, float]], before: int) -> list[tuple[int, float]]:
    """Progress values that begin again with 0, as numbers of probes; the progress before the first one is 0."""
    found: list[tuple[int, float]] = []
    number, last = 0, before
    for value, at in log:
        number += (value - last) % PROBE_VALUES
        last = value
        found.append((number, at))
    return found


def cumulative_layout_shift(shifts: Iterable[tuple[float, float]]) -> float:
    """The largest sum within a window, as browsers report it."""
    largest = total = 0.0
    began = last = float("-inf")
    for at, value in shifts:
        if at - last > SESSION_GAP_MS or at - began > SESSION_MS:
            began, total = at, 0.0
        total, last = total + value, at
        largest = max(largest, total)
    return largest


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")
