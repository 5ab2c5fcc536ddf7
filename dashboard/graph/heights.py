"""Assigns a height to each node: close to its neighbours, in the order of its layer, without overlaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from dashboard.graph.layers import LayerRows, Link, Node

SWEEPS = 6
Size = Callable[[Node], float]


def heights(rows: LayerRows, links: Sequence[Link], size: Size, gap: float) -> dict[Node, float]:
    """Return the middle of each node, measured from the top of the topmost node."""
    before: dict[Node, list[Node]] = defaultdict(list)
    after: dict[Node, list[Node]] = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    middle: dict[Node, float] = {}
    for row in rows:
        middle |= fit(row, dict.fromkeys(row, 0.0), size, gap)
    for n in range(SWEEPS):
        is_forward = n % 2 == 0
        for row in rows if is_forward else rows[::-1]:
            middle |= fit(row, preferred(row, before if is_forward else after, middle), size, gap)
    top = min((middle[node] - size(node) / 2 for node in middle), default=0.0)
    return {node: at - top for node, at in middle.items()}


def preferred(row: list[Node], linked: dict[Node, list[Node]], middle: dict[Node, float]) -> dict[Node, float]:
    """Return the mean height of each node's neighbours."""
    return {
        node: sum(middle[other] for other in linked[node]) / len(linked[node]) if linked.get(node) else middle[node]
        for node in row
    }


def fit(row: list[Node], wish: dict[Node, float], size: Size, gap: float) -> dict[Node, float]:
    """Return the heights closest to the preferred ones (least squares) that keep order and distance.

    After subtracting the space that preceding nodes need, heights must not decrease: the optimum is the mean of pools
    of neighbours (isotonic regression, pool adjacent violators).
    """
    offset, at = [], 0.0
    for node in row:
        at += size(node) / 2
        offset.append(at)
        at += size(node) / 2 + gap
    level = pool([wish[node] - start for node, start in zip(row, offset, strict=True)])
    return {node: start + height for node, start, height in zip(row, offset, level, strict=True)}


def pool(values: Sequence[float]) -> list[float]:
    """Return the closest non-decreasing values."""
    pools: list[tuple[float, int]] = []  # mean and count
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] >= mean:
            other, number = pools.pop()
            mean, count = (mean * count + other * number) / (count + number), count + number
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]
