"""Draws a dependency graph: the position of each node and the path of each edge, in pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from dashboard.graph.heights import heights
from dashboard.graph.layers import Bend, Node, layers, links_of, reduce_crossings, rows_of
from dashboard.graph.topological_order import Edge, neighbours_of, order_nodes

WIDTH, HEIGHT = 208, 64  # of a node: two lines of its name, and its status
GAP_X, GAP_Y = 36, 12  # between nodes
BEND_HEIGHT = 8  # height of an edge where it crosses a layer
COMPONENT_GAP = 24  # between components
BACK_EDGE_DEPTH = 32  # space for a back edge below its nodes
MIN_COLUMNS = 5  # filled even if every chain is shorter
MAX_BENDS = 4_000  # beyond it long edges are straight: nobody can follow that many


@dataclass(frozen=True)
class EdgeLine:
    """`path` is SVG path data. A `back` edge closes a cycle and leads from right to left."""

    edge: Edge
    path: str
    back: bool


@dataclass(frozen=True)
class Picture:
    """`at` has the top left corner of each node; unlinked nodes stand below the rest."""

    width: int
    height: int
    at: dict[str, tuple[int, int]]
    lines: list[EdgeLine]


@dataclass
class Component:
    """A connected component, drawn by itself: layers and middle heights of its nodes."""

    layer: dict[str, int]
    middle: dict[Node, float]
    bends: dict[Edge, list[Bend]]

    @property
    def columns(self) -> int:
        return max(self.layer.values()) + 1

    @property
    def height(self) -> float:
        return max(middle + size(node) / 2 for node, middle in self.middle.items())


@lru_cache(maxsize=16)  # dependencies change rarely, the states of tasks all the time
def picture(nodes: tuple[str, ...], edges: tuple[Edge, ...]) -> Picture:
    """Draw each node once, unlinked nodes at the bottom. Edges are unique and connect given nodes."""
    order = order_nodes(nodes, edges)
    forward = [edge for edge in edges if edge not in order.back]
    blocks = [layout_component(own, among) for own, among in components(order.nodes, forward)]
    at, lines, columns, bottom = pack(blocks)
    lines += [EdgeLine(edge, back_path(at[edge[0]], at[edge[1]]), back=True) for edge in edges if edge in order.back]
    width = columns * (WIDTH + GAP_X) - GAP_X if columns else 0
    return Picture(width, bottom + (BACK_EDGE_DEPTH if order.back else 0), at, lines)


def components(order: Sequence[str], edges: Sequence[Edge]) -> list[tuple[list[str], list[Edge]]]:
    """Return nodes and edges of each connected component, largest first."""
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
    own: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        own[part[edge[0]]].append(edge)
    return sorted(((nodes[n], own[n]) for n in nodes), key=lambda found: -len(found[0]))


def layout_component(order: list[str], edges: list[Edge]) -> Component:
    layer = layers(order, edges)
    first = min(layer.values())
    layer = {node: n - first for node, n in layer.items()}
    rows, bends = rows_of(layer, edges, MAX_BENDS)
    links = links_of(bends, layer)
    return Component(layer, heights(reduce_crossings(rows, links), links, size, GAP_Y), bends)


def size(node: Node) -> float:
    return HEIGHT if isinstance(node, str) else BEND_HEIGHT


def pack(blocks: list[Component]) -> tuple[dict[str, tuple[int, int]], list[EdgeLine], int, int]:
    """Place components as high as possible, single nodes below all others."""
    columns = max([MIN_COLUMNS, *(found.columns for found in blocks)])
    free = [0] * columns  # y from which each column is free
    at: dict[str, tuple[int, int]] = {}
    lines: list[EdgeLine] = []
    is_single = False
    for found in blocks:
        if len(found.layer) == 1 and not is_single:
            is_single, free = True, [max(free)] * columns
        column = find_column(found.columns, free)
        top = max(free[column : column + found.columns])
        own = {
            node: (x_of(column + n), round(top + found.middle[node] - HEIGHT / 2)) for node, n in found.layer.items()
        }
        at |= own
        lines += [
            EdgeLine(edge, path(edge, bends, found, own, (column, top)), back=False)
            for edge, bends in found.bends.items()
        ]
        bottom = round(top + found.height) + (GAP_Y if is_single else COMPONENT_GAP)
        free[column : column + found.columns] = [bottom] * found.columns
    used = max((x for x, _ in at.values()), default=-1)
    return at, lines, (used // (WIDTH + GAP_X) + 1), max((y + HEIGHT for _, y in at.values()), default=0)


def find_column(columns: int, free: Sequence[int]) -> int:
    """Return the first column where the component fits highest."""
    starts = range(len(free) - columns + 1)
    return min(starts, key=lambda start: max(free[start : start + columns]))


def x_of(column: int) -> int:
    return column * (WIDTH + GAP_X)


def path(
    edge: Edge, bends: Iterable[Bend], found: Component, at: dict[str, tuple[int, int]], corner: tuple[int, int]
) -> str:
    """Route an edge from the right side of a node to the left side of another, level through each layer between."""
    (x1, y1), (x2, y2) = at[edge[0]], at[edge[1]]
    points = [(x1 + WIDTH, y1 + HEIGHT // 2)]
    for bend in bends:
        x, y = x_of(corner[0] + bend[2]), round(corner[1] + found.middle[bend])
        points += [(x, y), (x + WIDTH, y)]
    points.append((x2, y2 + HEIGHT // 2))
    return f"M{points[0][0]} {points[0][1]}" + "".join(curve(*pair) for pair in pairwise(points))


def curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return a segment that is level at both ends; a straight line on one level."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) // 2
    return f"L{x2} {y2}" if y1 == y2 else f"C{middle} {y1} {middle} {y2} {x2} {y2}"


def back_path(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Route a back edge below its nodes, so that it cannot be mistaken for a forward edge."""
    (x1, y1), (x2, y2) = start, end
    x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    sag = HEIGHT // 2 + BACK_EDGE_DEPTH
    return f"M{x1} {y1}C{x1 + GAP_X} {y1 + sag} {x2 - GAP_X} {y2 + sag} {x2} {y2}"
