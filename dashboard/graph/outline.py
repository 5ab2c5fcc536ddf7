"""Turns a dependency graph into an indented list: every node once, below the first node that it follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dashboard.graph.topological_order import Edge

MAX_DEPTH = 4  # deeper nodes are listed at this depth


def outline(nodes: Sequence[str], edges: Iterable[Edge]) -> list[tuple[str, int]]:
    """Return the nodes, depth first, each with its depth. Nodes that only a cycle leads to start at depth 0."""
    after, has_predecessor = defaultdict[str, list[str]](list), set[str]()
    for before, node in edges:
        after[before].append(node)
        has_predecessor.add(node)
    found: dict[str, int] = {}
    starts = [node for node in nodes if node not in has_predecessor]
    for start in [*starts, *nodes]:
        stack = [(start, 0)]
        while stack:
            node, depth = stack.pop()
            if node not in found:
                found[node] = min(depth, MAX_DEPTH)
                stack += [(following, depth + 1) for following in reversed(after[node])]
    return list(found.items())
