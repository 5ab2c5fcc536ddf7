"""Draws a profile as a flame graph in SVG. A box is a function; its width is its share of the samples, and what it
calls stands on it. Boxes that are too narrow to be seen are left out, with what stands on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, ROW, TOP = 960, 17, 30
MIN_SHARE = 0.004  # of the width
MOST = 0.95  # of the samples: a function that calls another one for so many does nothing itself
LETTER = 6.2  # pixels of a character, on average
OURS = ("marcus_events/", "config/", "server/", "dashboard/")
STYLE = """
text { font: 11px system-ui, sans-serif; fill: #24292f } .title { font-size: 13px; font-weight: 600 }
rect { stroke: #fff; stroke-width: .5; fill: #d8dee4 } .ours { fill: #a5d0fb } .title { fill: #24292f }
@media (prefers-color-scheme: dark) { .title { fill: #e6edf3 } rect { stroke: #0d1117 } }"""


@dataclass
class Frame:
    """A function as it was called from there: how many samples, and what it called, by name."""

    samples: int = 0
    called: dict[str, Frame] = field(default_factory=dict)


def read_folded(lines: Iterable[str]) -> Frame:
    """Read stacks as `py-spy record --format raw` writes them: functions joined by semicolons, and a number."""
    root = Frame()
    for line in lines:
        stack, _, samples = line.rpartition(" ")
        frame = root
        frame.samples += int(samples)
        for name in stack.split(";"):
            frame = frame.called.setdefault(without_line(name), Frame())
            frame.samples += int(samples)
    return root


def without_line(name: str) -> str:
    """`publish (api/publish.py:63)` → `publish (api/publish.py)`: a function is one box."""
    return name.rpartition(":")[0] + ")" if name.endswith(")") and ":" in name else name


def without_start(root: Frame) -> Frame:
    """Leave out what leads to each thread's work: the start of the program or of the thread, up to its loop."""
    return Frame(root.samples, dict(starting(name, frame) for name, frame in root.called.items()))


def starting(name: str, frame: Frame) -> tuple[str, Frame]:
    while frame.called and max(each.samples for each in frame.called.values()) > MOST * frame.samples:
        name, frame = max(frame.called.items(), key=lambda each: each[1].samples)
    return name, frame


def flame_graph(title: str, root: Frame) -> str:
    boxes = list(drawn(root, 0.0, 0, WIDTH / (root.samples or 1)))
    height = TOP + ROW * (max((level for level, _ in boxes), default=0) + 1) + 4
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<text class="title" x="0" y="18">{escape(title)} ({root.samples:,} samples)</text>',
            *(text.format(y=height - ROW * (level + 1), base=height - ROW * level - 5) for level, text in boxes),
            "</svg>\n",
        ]
    )


def drawn(frame: Frame, x: float, level: int, scale: float) -> Iterator[tuple[int, str]]:
    """Yield each box with its level; `y` and `base` are still to be filled in."""
    for name, called in frame.called.items():
        width = called.samples * scale
        if width >= MIN_SHARE * WIDTH:
            kind = ' class="ours"' if any(f"({room}" in name for room in OURS) else ""
            text = escape(name.split(" (")[0][: int((width - 4) / LETTER)]).replace("{", "{{").replace("}", "}}")
            shown = f'<text x="{x + 2:.1f}" y="{{base}}">{text}</text>' if width > 5 * LETTER else ""
            yield level, f'<rect{kind} x="{x:.1f}" y="{{y}}" width="{width:.1f}" height="{ROW - 1}"/>{shown}'
            yield from drawn(called, x, level + 1, scale)
        x += width
