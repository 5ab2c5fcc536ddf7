"""Assigns nodes to layers and orders the nodes within each layer."""

from __future__ import annotations

from bisect import bisect, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dashboard.graph.topological_order import Edge

Bend = tuple[str, str, int]  # where the edge (a, b) crosses a layer
Node = str | Bend
Link = tuple[Node, Node]  # the segment of an edge between neighbouring layers
LayerRows = list[list[Node]]

SWEEPS = 6  # passes over all layers, forward and back; more change little


def layers(order: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Put each node one layer after its last predecessor. `order` and `edges` are free of cycles.

    A node without predecessors stands just before its first successor, which keeps its edges short.
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
    """Return the nodes of each layer, with bends for edges that cross it, so that these are routed between nodes.

    Makes at most `room` bends, for the shortest edges first; longer edges are straight.
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
    """Return the segments of all edges that have bends in every layer they cross."""
    found: list[Link] = []
    for (a, b), between in bends.items():
        if layer[b] - layer[a] == len(between) + 1:
            way: list[Node] = [a, *between, b]
            found += pairwise(way)
    return found


def reduce_crossings(rows: LayerRows, links: Sequence[Link]) -> LayerRows:
    """Reorder each row to reduce crossings, by the mean position of each node's neighbours."""
    before: dict[Node, list[Node]] = defaultdict(list)
    after: dict[Node, list[Node]] = defaultdict(list)
    for a, b in links:
        before[b].append(a)
        after[a].append(b)
    best, fewest = rows, crossings(rows, after)
    for n in range(SWEEPS):
        if not fewest:
            break
        rows = sweep(rows, before) if n % 2 == 0 else sweep(rows[::-1], after)[::-1]
        if (found := crossings(rows, after)) < fewest:
            best, fewest = rows, found
    return best


def sweep(rows: LayerRows, linked: dict[Node, list[Node]]) -> LayerRows:
    """Order each row by the row before it; unlinked nodes stay in place as far as possible."""
    result = rows[:1]
    for row in rows[1:]:
        position = {node: n / max(len(result[-1]), 1) for n, node in enumerate(result[-1])}
        mean: dict[Node, float] = {}
        for n, node in enumerate(row):
            at = [position[other] for other in linked.get(node, ())]
            mean[node] = sum(at) / len(at) if at else n / len(row)
        result.append(sorted(row, key=mean.__getitem__))
    return result


def crossings(rows: LayerRows, after: dict[Node, list[Node]]) -> int:
    return sum(crossings_between(row, below, after) for row, below in pairwise(rows))


def crossings_between(row: list[Node], following: list[Node], after: dict[Node, list[Node]]) -> int:
    position = {node: n for n, node in enumerate(following)}
    ends: list[int] = []  # sorted ends of the links so far
    count = 0
    for node in row:
        own = sorted(position[other] for other in after.get(node, ()))
        count += sum(len(ends) - bisect(ends, end) for end in own)
        for end in own:
            insort(ends, end)
    return count
