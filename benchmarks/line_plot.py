"""Draws measurements over time as SVG: panels under one another, each with its own unit and some lines.

Readable on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 760, 64, 130  # the names of the lines stand on the right
PANEL, TOP, GAP, BOTTOM = 130, 34, 40, 30
COLOURS = ("#0969da", "#bf8700", "#1a7f37", "#8250df")
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 13px; font-weight: 600 }
.axis { fill: #6e7781; font-size: 11px } line { stroke: #d0d7de } polyline { fill: none; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis { fill: #8d96a0 } line { stroke: #30363d } }"""


@dataclass(frozen=True)
class Panel:
    """`lines` are values by name, one for each moment."""

    title: str
    lines: Mapping[str, Sequence[float]]


def line_plot(title: str, minutes: Sequence[float], panels: Sequence[Panel]) -> str:
    """Plot the panels over the same moments, which are in minutes."""
    height = TOP + len(panels) * (PANEL + GAP) + BOTTOM - GAP
    parts = [panel_at(TOP + n * (PANEL + GAP), minutes, panel) for n, panel in enumerate(panels)]
    last = f'<text class="axis" x="{WIDTH - RIGHT}" y="{height - 8}" text-anchor="end">{minutes[-1]:.0f} minutes</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            *parts,
            f'<text class="axis" x="{LEFT}" y="{height - 8}">0</text>{last}',
            "</svg>\n",
        ]
    )


def panel_at(top: float, minutes: Sequence[float], panel: Panel) -> str:
    most = max(max(values) for values in panel.lines.values()) or 1.0
    grid = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text class="axis" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{shown(most * share)}</text>'
        for share in (0, 0.5, 1)
        for y in [top + PANEL * (1 - share)]
    ]
    lines = [
        f'<polyline stroke="{colour}" points="{points(top, minutes, values, most)}"/>'
        f'<text x="{WIDTH - RIGHT + 10}" y="{top + 14 + 18 * n}" style="fill: {colour}">{escape(name)}</text>'
        for n, ((name, values), colour) in enumerate(zip(panel.lines.items(), COLOURS, strict=False))
    ]
    heading = f'<text class="title" x="{LEFT}" y="{top - 12}">{escape(panel.title)}</text>'
    return "\n".join([heading, *grid, *lines])


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.2g}"


def points(top: float, minutes: Sequence[float], values: Sequence[float], most: float) -> str:
    scale = (WIDTH - LEFT - RIGHT) / (minutes[-1] or 1.0)
    return " ".join(
        f"{LEFT + minute * scale:.1f},{top + PANEL * (1 - value / most):.1f}"
        for minute, value in zip(minutes, values, strict=True)
    )
