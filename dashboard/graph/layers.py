"""Which layer a node belongs to, and the order of the nodes in each layer."""

from __future__ import annotations

from bisect import bisect, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dashboard.graph.topological_order import Edge

Bend = tuple[str, str, int]  # where the edge (a, b) passes through a layer
Node = str | Bend
Link = tuple[Node, Node]  # a piece of an edge between neighbouring layers
LayerRows = list[list[Node]]

SWEEPS = 6  # over all layers, there and back; more hardly changes anything


def layers(order: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Each node one layer after the last that comes before it. `order` and `edges` hold no circle.

    What nothing comes before stands right before the first that follows it, so that its edges are short.
    """
    before, after = neighbours(edges)
    layer: dict[str, int] = {}
    for node in order:
        layer[node] = max((layer[a] + 1 for a in before.get(node, ())), default=0)
    for node in order:
        if node not in before and node in after:
            layer[node] = min(layer[b] for b in after[node]) - 1
    return layer


def neighbours(links: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before, after = defaultdict(list), defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    return before, after


def rows_of(layer: dict[str, int], edges: Iterable[Edge], room: int) -> tuple[LayerRows, dict[Edge, list[Bend]]]:
    """The nodes of each layer, with the bends of edges that pass through it, so that these get a way of their own.

    No more than `room` bends are made, for the shortest edges first; longer ones go straight.
    """
    rows: LayerRows = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node, n in layer.items():
        rows[n].append(node)
    bends: dict[Edge, list[Bend]] = {}
    for a, b in sorted(edges, key=lambda edge: layer[edge[1]] - layer[edge[0]]):
        between = range(layer[a] + 1, layer[b])
        room -= len(between)
        bends[a, b] = [(a, b, n) for n in between] if room >= 0 else []
        for bend in bends[a, b]:
            rows[bend[2]].append(bend)
    return rows, bends


def links_of(bends: dict[Edge, list[Bend]], layer: dict[str, int]) -> list[Link]:
    """The pieces of all edges that have a way from layer to layer."""
    found: list[Link] = []
    for (a, b), between in bends.items():
        if layer[b] - layer[a] == len(between) + 1:
            way: list[Node] = [a, *between, b]
            found += pairwise(way)
    return found


def arranged(rows: LayerRows, links: Sequence[Link]) -> LayerRows:
    """The same rows, each in an order in which few links cross: by the mean place of what a node is linked to."""
    before: dict[Node, list[Node]] = defaultdict(list)
    after: dict[Node, list[Node]] = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    best, fewest = rows, crossings(rows, after)
    for n in range(SWEEPS):
        if not fewest:
            break
        rows = swept(rows, before) if n % 2 == 0 else swept(rows[::-1], after)[::-1]
        if (found := crossings(rows, after)) < fewest:
            best, fewest = rows, found
    return best


def swept(rows: LayerRows, linked: dict[Node, list[Node]]) -> LayerRows:
    """From the first row on; what has no link to the row before stays where it is, as far as that can be."""
    result = rows[:1]
    for row in rows[1:]:
        place = {node: n / max(len(result[-1]), 1) for n, node in enumerate(result[-1])}
        mean: dict[Node, float] = {}
        for n, node in enumerate(row):
            at = [place[other] for other in linked.get(node, ())]
            mean[node] = sum(at) / len(at) if at else n / len(row)
        result.append(sorted(row, key=mean.__getitem__))
    return result


def crossings(rows: LayerRows, after: dict[Node, list[Node]]) -> int:
    return sum(crossings_between(row, below, after) for row, below in pairwise(rows))


def crossings_between(row: list[Node], following: list[Node], after: dict[Node, list[Node]]) -> int:
    place = {node: n for n, node in enumerate(following)}
    ends: list[int] = []  # of the links seen so far, in order
    count = 0
    for node in row:
        mine = sorted(place[other] for other in after.get(node, ()))
        count += sum(len(ends) - bisect(ends, end) for end in mine)
        for end in mine:
            insort(ends, end)
    return count
