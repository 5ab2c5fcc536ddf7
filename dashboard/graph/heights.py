"""How high each node of a layer stands: near what it is linked to, in the order of its layer, apart from the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from dashboard.graph.layers import LayerRows, Link, Node

SWEEPS = 6
Size = Callable[[Node], float]


def heights(rows: LayerRows, links: Sequence[Link], size: Size, gap: float) -> dict[Node, float]:
    """The middle of each node, from the top; the topmost begins at 0."""
    before: dict[Node, list[Node]] = defaultdict(list)
    after: dict[Node, list[Node]] = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    middle: dict[Node, float] = {}
    for row in rows:
        middle |= fitted(row, dict.fromkeys(row, 0.0), size, gap)
    for n in range(SWEEPS):
        there = n % 2 == 0
        for row in rows if there else rows[::-1]:
            middle |= fitted(row, wished(row, before if there else after, middle), size, gap)
    top = min((middle[node] - size(node) / 2 for node in middle), default=0.0)
    return {node: at - top for node, at in middle.items()}


def wished(row: list[Node], linked: dict[Node, list[Node]], middle: dict[Node, float]) -> dict[Node, float]:
    """In the middle of what it is linked to."""
    return {
        node: sum(middle[other] for other in linked[node]) / len(linked[node]) if linked.get(node) else middle[node]
        for node in row
    }


def fitted(row: list[Node], wish: dict[Node, float], size: Size, gap: float) -> dict[Node, float]:
    """As near to the wishes as order and distance allow, by least squares.

    Without the room that the nodes before it need, each node may stand no higher than the one before: the best such
    heights are the means of pools of neighbours (isotonic regression by pooling adjacent violators).
    """
    offset, at = [], 0.0
    for node in row:
        at += size(node) / 2
        offset.append(at)
        at += size(node) / 2 + gap
    level = pooled([wish[node] - start for node, start in zip(row, offset, strict=True)])
    return {node: start + height for node, start, height in zip(row, offset, level, strict=True)}


def pooled(values: Sequence[float]) -> list[float]:
    """The nearest values that never decrease."""
    pools: list[tuple[float, int]] = []  # the mean of so many
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] >= mean:
            other, number = pools.pop()
            mean, count = (mean * count + other * number) / (count + number), count + number
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]
