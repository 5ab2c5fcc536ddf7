"""An order in which everything comes after what it needs, and the circles that keep such an order from being there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
MAX_CIRCLES = 20  # that are named; where there are more, nobody reads on


@dataclass(frozen=True)
class Order:
    """`nodes` in an order in which each edge but those of `back` leads forward.

    A back edge closes a circle. `circles` are the nodes of the first of them, each in the order of its edges; `caught`
    are all nodes that are part of any.
    """

    nodes: list[str]
    back: set[Edge]
    circles: list[list[str]]
    caught: set[str]


def in_order(nodes: Iterable[str], edges: Iterable[Edge]) -> Order:
    """Depth first, without recursion: what is left last comes first."""
    walk = Walk(following(edges))
    for node in nodes:
        if node not in walk.done:
            walk.begin(node)
    return Order(walk.left[::-1], walk.back, walk.circles, walk.caught)


def following(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        found[a].append(b)
    return found


def neighbours_of(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """What is linked to a node, in either direction."""
    found: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        found[a].append(b)
        found[b].append(a)
    return found


class Walk:
    """Tarjan's: what can be reached from one another is left together, when the first of it is left."""

    def __init__(self, after: dict[str, list[str]]) -> None:
        self.after = after
        self.path: list[str] = []
        self.place: dict[str, int] = {}  # of the nodes on the path
        self.open: list[Iterator[str]] = []  # what is still to be looked at from each of them
        self.done: set[str] = set()
        self.left: list[str] = []
        self.back: set[Edge] = set()
        self.circles: list[list[str]] = []
        self.number: dict[str, int] = {}  # in the order of entering
        self.lowest: dict[str, int] = {}  # number that can be reached from a node and what follows it
        self.together: dict[str, None] = {}  # entered, and not yet known to be apart from what is on the path
        self.caught: set[str] = set()

    def begin(self, node: str) -> None:
        self.enter(node)
        while self.path:
            after = next(self.open[-1], None)
            if after is None:
                self.leave()
            elif after in self.place:
                self.close_circle(after)
            elif after not in self.done:
                self.enter(after)
            elif after in self.together:
                self.reach(self.number[after])

    def enter(self, node: str) -> None:
        self.number[node] = self.lowest[node] = len(self.number)
        self.together[node] = None
        self.place[node] = len(self.path)
        self.path.append(node)
        self.open.append(iter(self.after.get(node, ())))

    def leave(self) -> None:
        node = self.path.pop()
        del self.place[node]
        self.open.pop()
        self.done.add(node)
        self.left.append(node)
        if self.lowest[node] == self.number[node]:
            self.part(node)
        if self.path:
            self.reach(self.lowest[node])

    def part(self, first: str) -> None:
        """What was entered since `first`, and with it, is one knot; a node alone is caught only in itself."""
        knot = [self.together.popitem()[0]]
        while knot[-1] != first:
            knot.append(self.together.popitem()[0])
        if len(knot) > 1 or (first, first) in self.back:
            self.caught.update(knot)

    def reach(self, number: int) -> None:
        self.lowest[self.path[-1]] = min(self.lowest[self.path[-1]], number)

    def close_circle(self, at: str) -> None:
        self.back.add((self.path[-1], at))
        self.reach(self.number[at])
        if len(self.circles) < MAX_CIRCLES:
            self.circles.append(self.path[self.place[at] :])


def longest_chain(order: Sequence[str], edges: Iterable[Edge], counted: Iterable[str]) -> list[str]:
    """The longest path through nodes that count; the first of several, and none where nothing follows anything.

    `order` puts each node after those that its edges come from. An edge that leads back is left aside.
    """
    place = {node: n for n, node in enumerate(order)}
    counts = set(counted)
    before = following((b, a) for a, b in edges if a in counts and b in counts and place[a] < place[b])
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
