"""The whole picture: where each node stands and how each edge runs, in units of the page's pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from dashboard.graph.heights import heights
from dashboard.graph.layers import Bend, Node, arranged, layers, links_of, rows_of
from dashboard.graph.topological_order import Edge, in_order, neighbours_of

WIDTH, HEIGHT = 200, 46  # of a node
ACROSS, DOWN = 36, 12  # between nodes
BEND = 8  # the height that an edge takes where it passes through a layer
BETWEEN = 24  # between what is not linked
BELOW = 32  # what an edge that leads back needs below its nodes
COLUMNS = 5  # that are filled, even where no chain is as long
MAX_BENDS = 4_000  # beyond it long edges go straight: where there are so many, no eye can follow one


@dataclass(frozen=True)
class EdgeLine:
    """`path` is that of an SVG. An edge that closes a circle leads back, from right to left."""

    edge: Edge
    path: str
    back: bool


@dataclass(frozen=True)
class Picture:
    """`at` is the top left corner of each node; nodes that nothing is linked to stand below the rest."""

    width: int
    height: int
    at: dict[str, tuple[int, int]]
    lines: list[EdgeLine]


@dataclass
class Component:
    """What is linked, however indirectly, drawn by itself: the layer and the middle of each node."""

    layer: dict[str, int]
    middle: dict[Node, float]
    bends: dict[Edge, list[Bend]]

    @property
    def columns(self) -> int:
        return max(self.layer.values()) + 1

    @property
    def height(self) -> float:
        return max(middle + size(node) / 2 for node, middle in self.middle.items())


@lru_cache(maxsize=16)  # what depends on what changes seldom, what is said about it all the time
def picture(nodes: tuple[str, ...], edges: tuple[Edge, ...]) -> Picture:
    """Every node once; what is linked to nothing below. Every edge is between nodes, and none is there twice."""
    order = in_order(nodes, edges)
    forward = [edge for edge in edges if edge not in order.back]
    blocks = [block(mine, among) for mine, among in parts(order.nodes, forward)]
    at, lines, columns, bottom = packed(blocks)
    lines += [EdgeLine(edge, back_path(at[edge[0]], at[edge[1]]), back=True) for edge in edges if edge in order.back]
    width = columns * (WIDTH + ACROSS) - ACROSS if columns else 0
    return Picture(width, bottom + (BELOW if order.back else 0), at, lines)


def parts(order: Sequence[str], edges: Sequence[Edge]) -> list[tuple[list[str], list[Edge]]]:
    """The nodes that are linked to one another, with their edges: the most of them first."""
    linked = neighbours_of(edges)
    part: dict[str, int] = {}
    for n, start in enumerate(order):
        todo = [] if start in part else [start]
        while todo:
            if (node := todo.pop()) not in part:
                part[node] = n
                todo += linked.get(node, ())
    nodes: dict[int, list[str]] = defaultdict(list)
    for node in order:
        nodes[part[node]].append(node)
    mine: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        mine[part[edge[0]]].append(edge)
    return sorted(((nodes[n], mine[n]) for n in nodes), key=lambda found: -len(found[0]))


def block(order: list[str], edges: list[Edge]) -> Component:
    layer = layers(order, edges)
    first = min(layer.values())
    layer = {node: n - first for node, n in layer.items()}
    rows, bends = rows_of(layer, edges, MAX_BENDS)
    links = links_of(bends, layer)
    return Component(layer, heights(arranged(rows, links), links, size, DOWN), bends)


def size(node: Node) -> float:
    return HEIGHT if isinstance(node, str) else BEND


def packed(blocks: list[Component]) -> tuple[dict[str, tuple[int, int]], list[EdgeLine], int, int]:
    """The blocks where there is room for them, highest up first; single nodes below all others."""
    columns = max([COLUMNS, *(found.columns for found in blocks)])
    free = [0] * columns  # from where on each column is
    at: dict[str, tuple[int, int]] = {}
    lines: list[EdgeLine] = []
    is_single = False
    for found in blocks:
        if len(found.layer) == 1 and not is_single:
            is_single, free = True, [max(free)] * columns
        column = place_for(found.columns, free)
        top = max(free[column : column + found.columns])
        mine = {
            node: (x_of(column + n), round(top + found.middle[node] - HEIGHT / 2)) for node, n in found.layer.items()
        }
        at |= mine
        lines += [
            EdgeLine(edge, path(edge, bends, found, mine, (column, top)), back=False)
            for edge, bends in found.bends.items()
        ]
        bottom = round(top + found.height) + (DOWN if is_single else BETWEEN)
        free[column : column + found.columns] = [bottom] * found.columns
    used = max((x for x, _ in at.values()), default=-1)
    return at, lines, (used // (WIDTH + ACROSS) + 1), max((y + HEIGHT for _, y in at.values()), default=0)


def place_for(columns: int, free: Sequence[int]) -> int:
    """The first place that is highest up."""
    starts = range(len(free) - columns + 1)
    return min(starts, key=lambda start: max(free[start : start + columns]))


def x_of(column: int) -> int:
    return column * (WIDTH + ACROSS)


def path(
    edge: Edge, bends: Iterable[Bend], found: Component, at: dict[str, tuple[int, int]], corner: tuple[int, int]
) -> str:
    """From the right side of a node to the left side of another, level through each layer between them."""
    (x1, y1), (x2, y2) = at[edge[0]], at[edge[1]]
    points = [(x1 + WIDTH, y1 + HEIGHT // 2)]
    for bend in bends:
        x, y = x_of(corner[0] + bend[2]), round(corner[1] + found.middle[bend])
        points += [(x, y), (x + WIDTH, y)]
    points.append((x2, y2 + HEIGHT // 2))
    return f"M{points[0][0]} {points[0][1]}" + "".join(curve(*pair) for pair in pairwise(points))


def curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Level at both ends; straight where they are on one level."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) // 2
    return f"L{x2} {y2}" if y1 == y2 else f"C{middle} {y1} {middle} {y2} {x2} {y2}"


def back_path(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Out to the right, and into the other from the left: nobody takes it for an edge that leads on."""
    (x1, y1), (x2, y2) = start, end
    x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    sag = HEIGHT // 2 + BELOW
    return f"M{x1} {y1}C{x1 + ACROSS} {y1 + sag} {x2 - ACROSS} {y2 + sag} {x2} {y2}"
