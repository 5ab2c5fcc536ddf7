"""Draws the figures of a contest as SVG: for each contestant a dot at the median, and a line from the lowest to the
highest round, on a logarithmic axis. Readable on light and dark pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from benchmarks.contest import Row
from benchmarks.results import number, ratio

WIDTH, NAMES, VALUES = 760, 230, 150  # the axis lies between the names and the values
ROW, TOP, BOTTOM = 26, 44, 34
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .title, .ours text { font-weight: 600 }
.axis { fill: #6e7781; font-size: 11px } line { stroke: #d0d7de }
.range { stroke: #8c959f; stroke-width: 3; stroke-linecap: round } .dot { fill: #57606a }
.ours .dot { fill: #0969da } .ours .range { stroke: #0969da; opacity: .45 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .axis, .dot { fill: #8d96a0 } line { stroke: #30363d } .range { stroke: #6e7681 }
  .ours .dot { fill: #4493f8 } .ours .range { stroke: #4493f8 }
}"""


def dot_plot(title: str, rows: Sequence[Row], ours: Sequence[str]) -> str:
    """Plot the first unit of the contestants that were measured; `ours` names those that are emphasised."""
    shown = [row for row in rows if row.figures]
    unit = next(iter(shown[0].figures))
    values = [value for row in shown for value in row.figures[unit]]
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    height = TOP + ROW * len(shown) + BOTTOM

    def x(value: float) -> float:
        share = (math.log10(value) - first) / max(last - first, 1)
        return round(NAMES + share * (WIDTH - NAMES - VALUES), 1)

    bases = {row.name: row.medians[unit] for row in shown}
    ratios = [
        f" ({ratio(row.medians[unit] / bases[row.baseline])} ×)" if row.baseline in bases else "" for row in shown
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<text class="title" x="0" y="18">{escape(title)} ({escape(unit)}, logarithmic)</text>',
            *(tick(x(10.0**power), 10.0**power, height) for power in range(first, last + 1)),
            *(
                mark(row, TOP + ROW * (n + 0.5), x, number(row.medians[unit]) + ratios[n], is_ours=row.name in ours)
                for n, row in enumerate(shown)
            ),
            "</svg>\n",
        ]
    )


def tick(x: float, value: float, height: int) -> str:
    line = f'<line x1="{x}" x2="{x}" y1="{TOP - 10}" y2="{height - BOTTOM + 4}"/>'
    text = f"{value:,.0f}" if value >= 1 else f"{value:g}"
    return f'{line}<text class="axis" x="{x}" y="{height - BOTTOM + 20}" text-anchor="middle">{text}</text>'


def mark(row: Row, y: float, x: Callable[[float], float], label: str, *, is_ours: bool) -> str:
    unit, values = next(iter(row.figures.items()))
    return (
        f'<g class="{"ours" if is_ours else "other"}"><text x="0" y="{y + 4}">{escape(row.name)}</text>'
        f'<line class="range" x1="{x(min(values))}" x2="{x(max(values))}" y1="{y}" y2="{y}"/>'
        f'<circle class="dot" cx="{x(row.medians[unit])}" cy="{y}" r="5"/>'
        f'<text x="{WIDTH - VALUES + 14}" y="{y + 4}">{escape(label)}</text></g>'
    )
