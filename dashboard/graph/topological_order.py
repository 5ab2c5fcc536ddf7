"""Orders nodes topologically and finds the cycles that prevent it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
MAX_CIRCLES = 20  # reported at most; more would not be read


@dataclass(frozen=True)
class Order:
    """`nodes` in an order in which every edge except those of `back` leads forward.

    A back edge closes a cycle. `circles` are the first cycles, each as its nodes in the order of edges; `caught` are
    all nodes of any cycle.
    """

    nodes: list[str]
    back: set[Edge]
    circles: list[list[str]]
    caught: set[str]


def order_nodes(nodes: Iterable[str], edges: Iterable[Edge]) -> Order:
    """Order by depth-first search without recursion: nodes finished last come first."""
    walk = DepthFirstSearch(following(edges))
    for node in nodes:
        if node not in walk.done:
            walk.begin(node)
    return Order(walk.finished[::-1], walk.back, walk.circles, walk.caught)


def following(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        found[a].append(b)
    return found


def neighbours_of(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Return the neighbours of each node, in either direction."""
    found: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        found[a].append(b)
        found[b].append(a)
    return found


class DepthFirstSearch:
    """Tarjan's algorithm for strongly connected components."""

    def __init__(self, after: dict[str, list[str]]) -> None:
        self.after = after
        self.path: list[str] = []
        self.position: dict[str, int] = {}  # index on the path
        self.open: list[Iterator[str]] = []  # unvisited successors of each node on the path
        self.done: set[str] = set()
        self.finished: list[str] = []
        self.back: set[Edge] = set()
        self.circles: list[list[str]] = []
        self.number: dict[str, int] = {}  # order of discovery
        self.lowest: dict[str, int] = {}  # lowest number reachable from the node and its descendants
        self.on_stack: dict[str, None] = {}  # discovered, not yet assigned to a component
        self.caught: set[str] = set()

    def begin(self, node: str) -> None:
        self.enter(node)
        while self.path:
            after = next(self.open[-1], None)
            if after is None:
                self.leave()
            elif after in self.position:
                self.close_circle(after)
            elif after not in self.done:
                self.enter(after)
            elif after in self.on_stack:
                self.reach(self.number[after])

    def enter(self, node: str) -> None:
        self.number[node] = self.lowest[node] = len(self.number)
        self.on_stack[node] = None
        self.position[node] = len(self.path)
        self.path.append(node)
        self.open.append(iter(self.after.get(node, ())))

    def leave(self) -> None:
        node = self.path.pop()
        del self.position[node]
        self.open.pop()
        self.done.add(node)
        self.finished.append(node)
        if self.lowest[node] == self.number[node]:
            self.pop_component(node)
        if self.path:
            self.reach(self.lowest[node])

    def pop_component(self, first: str) -> None:
        """Pop the component that begins at `first`; a single node is caught only by an edge to itself."""
        component = [self.on_stack.popitem()[0]]
        while component[-1] != first:
            component.append(self.on_stack.popitem()[0])
        if len(component) > 1 or (first, first) in self.back:
            self.caught.update(component)

    def reach(self, number: int) -> None:
        self.lowest[self.path[-1]] = min(self.lowest[self.path[-1]], number)

    def close_circle(self, at: str) -> None:
        self.back.add((self.path[-1], at))
        self.reach(self.number[at])
        if len(self.circles) < MAX_CIRCLES:
            self.circles.append(self.path[self.position[at] :])


def longest_chain(order: Sequence[str], edges: Iterable[Edge], counted: Iterable[str]) -> list[str]:
    """Return the longest path through `counted` nodes; the first of several, empty without edges.

    `order` is topological; back edges are ignored.
    """
    position = {node: n for n, node in enumerate(order)}
    counts = set(counted)
    before = following((b, a) for a, b in edges if a in counts and b in counts and position[a] < position[b])
    length: dict[str, int] = {}
    previous: dict[str, str] = {}
    for node in order:
        best = max(before.get(node, ()), key=length.__getitem__, default=None)
        length[node] = 1 if best is None else length[best] + 1
        if best is not None:
            previous[node] = best
    end = max(previous, key=length.__getitem__, default=None)
    return chain_to(end, previous) if end is not None else []


def chain_to(end: str, previous: dict[str, str]) -> list[str]:
    chain = [end]
    while chain[-1] in previous:
        chain.append(previous[chain[-1]])
    return chain[::-1]
