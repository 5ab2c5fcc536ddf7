"""SVG geometry of bars and sparklines. Pure functions; results are attributes, since the CSP forbids inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

WIDTH = 120  # units of a sparkline's view box; the page scales it
HEIGHT = 28


@dataclass(frozen=True)
class Spark:
    """Paths of a line and the area below it, in a view box of WIDTH × HEIGHT."""

    line: str
    area: str


def spark(values: Sequence[int]) -> Spark:
    top = max(*values, 1)
    step = WIDTH / max(len(values) - 1, 1)
    points = [f"{i * step:.1f} {HEIGHT - 1.5 - value / top * (HEIGHT - 3):.1f}" for i, value in enumerate(values)]
    line = "M" + "L".join(points)
    return Spark(line, f"{line}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z")


@dataclass(frozen=True)
class Bar:
    """One value of a series, in a view box 100 units high."""

    x: int
    y: float
    height: float
    value: int


def bars(values: Sequence[int], top: int) -> list[Bar]:
    """Return one bar per value, ten units apart. Every value above 0 is visible."""
    heights = [max(value / top * 100, 1.5) if value else 0.0 for value in values]
    return [
        Bar(i * 10, round(100 - height, 2), round(height, 2), value)
        for i, (value, height) in enumerate(zip(values, heights, strict=True))
    ]


def stacked(columns: Sequence[Bar], values: Sequence[Sequence[int]]) -> list[str]:
    """Return a path for each layer of stacked bars, lowest first. `values` holds the values of each layer."""
    bottoms = [100.0] * len(columns)
    paths = []
    for layer in values:
        path = ""
        for n, (bar, value) in enumerate(zip(columns, layer, strict=True)):
            if value:
                height = bar.height * value / bar.value
                bottoms[n] -= height
                path += f"M{bar.x + 1} {bottoms[n]:.2f}h8v{height:.2f}h-8z"
        paths.append(path)
    return paths


def round_up(number: int) -> int:
    """Return the next round number for an axis: 1, 2, 5, 10, 20, 50 …"""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if number <= step * scale:
                return step * scale
        scale *= 10


DAY = timedelta(days=1)


def axis_form(length: timedelta) -> str:
    """Return the format of times along an axis, see `clock`: with dates from one day on.

    With the time too if columns are days: they begin at midnight UTC, another time of day for most readers.
    """
    return "axis" if length >= DAY else "minutes"


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar that is 100 units wide."""

    name: str
    x: float
    width: float


def segments(shares: Sequence[tuple[str, int]]) -> list[Segment]:
    total = sum(number for _, number in shares) or 1
    result, x = [], 0.0
    for name, number in shares:
        width = number / total * 100
        if number:
            result.append(Segment(name, round(x, 2), round(width, 2)))
        x += width
    return result
