"""The picture of what comes before what: everything in it once, from left to right, and circles told of."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.graph.heights import pool
from dashboard.graph.layers import crossings, links_of, neighbours, reduce_crossings, rows_of
from dashboard.graph.picture import HEIGHT, MIN_COLUMNS, WIDTH, picture
from dashboard.graph.topological_order import Edge, following, longest_chain, order_nodes

MANY, EDGES = 2_000, 4_000


@st.composite
def graphs(draw: st.DrawFn, *, with_circles: bool = True) -> tuple[tuple[str, ...], tuple[Edge, ...]]:
    nodes = [f"t{n}" for n in range(draw(st.integers(1, 25)))]
    places = st.integers(0, len(nodes) - 1)
    pairs = draw(st.sets(st.tuples(places, places), max_size=50))
    if not with_circles:
        pairs = {(min(pair), max(pair)) for pair in pairs}
    shuffled = draw(st.permutations(nodes))
    return tuple(shuffled), tuple((nodes[a], nodes[b]) for a, b in sorted(pairs) if a != b)


def long_way(count: int, edges: int) -> tuple[tuple[str, ...], tuple[Edge, ...]]:
    """Chains, short cuts and circles: `n` leads to 7n + k."""
    pairs = {(n % count, (7 * n + n // count + 1) % count) for n in range(2 * edges)}
    found = sorted((f"t{a}", f"t{b}") for a, b in pairs if a != b)
    return tuple(f"t{n}" for n in range(count)), tuple(found[:edges])


@given(graphs())
def test_every_node_is_there_once_and_within_the_picture(graph: tuple[tuple[str, ...], tuple[Edge, ...]]) -> None:
    nodes, edges = graph
    drawn = picture(nodes, edges)
    assert sorted(drawn.at) == sorted(nodes)
    assert all(0 <= x <= drawn.width - WIDTH and 0 <= y <= drawn.height - HEIGHT for x, y in drawn.at.values())


@given(graphs())
def test_no_two_nodes_overlap(graph: tuple[tuple[str, ...], tuple[Edge, ...]]) -> None:
    drawn = picture(*graph)
    for (x1, y1), (x2, y2) in combinations(drawn.at.values(), 2):
        assert abs(x1 - x2) >= WIDTH or abs(y1 - y2) >= HEIGHT


@given(graphs())
def test_every_edge_leads_from_left_to_right_but_those_that_close_a_circle(
    graph: tuple[tuple[str, ...], tuple[Edge, ...]],
) -> None:
    nodes, edges = graph
    drawn = picture(nodes, edges)
    assert sorted(line.edge for line in drawn.lines) == sorted(edges)
    for line in drawn.lines:
        (x1, _), (x2, _) = drawn.at[line.edge[0]], drawn.at[line.edge[1]]
        assert x1 > x2 if line.back else x1 + WIDTH < x2
    assert {line.edge for line in drawn.lines if line.back} == order_nodes(nodes, edges).back


@given(graphs())
def test_a_line_begins_and_ends_at_its_nodes(graph: tuple[tuple[str, ...], tuple[Edge, ...]]) -> None:
    drawn = picture(*graph)
    for line in drawn.lines:
        numbers = [int(number) for number in re.findall(r"-?\d+", line.path)]
        (x1, y1), (x2, y2) = drawn.at[line.edge[0]], drawn.at[line.edge[1]]
        assert numbers[:2] == [x1 + WIDTH, y1 + HEIGHT // 2]
        assert numbers[-2:] == [x2, y2 + HEIGHT // 2]


@given(graphs())
def test_circles_are_circles_and_what_is_caught_comes_back_to_itself(
    graph: tuple[tuple[str, ...], tuple[Edge, ...]],
) -> None:
    nodes, edges = graph
    order = order_nodes(nodes, edges)
    for circle in order.circles:
        assert set(pairwise([*circle, circle[0]])) <= set(edges)
        assert set(circle) <= order.caught
    assert order.caught == {node for node in nodes if node in reached_from(node, edges)}
    assert bool(order.back) == bool(order.circles) == bool(order.caught)


def reached_from(node: str, edges: tuple[Edge, ...]) -> set[str]:
    after, seen = following(edges), set[str]()
    todo = list(after.get(node, ()))
    while todo:
        if (other := todo.pop()) not in seen:
            seen.add(other)
            todo += after.get(other, ())
    return seen


@given(graphs(with_circles=False))
def test_where_there_is_no_circle_everything_comes_after_what_it_needs(
    graph: tuple[tuple[str, ...], tuple[Edge, ...]],
) -> None:
    nodes, edges = graph
    order = order_nodes(nodes, edges)
    assert (order.back, order.circles, order.caught) == (set(), [], set())
    assert sorted(order.nodes) == sorted(nodes)
    assert all(order.nodes.index(a) < order.nodes.index(b) for a, b in edges)


@given(graphs(with_circles=False), st.data())
def test_the_longest_chain_is_a_path_and_none_is_longer(
    graph: tuple[tuple[str, ...], tuple[Edge, ...]], data: st.DataObject
) -> None:
    nodes, edges = graph
    counted = data.draw(st.sets(st.sampled_from(nodes)))
    chain = longest_chain(order_nodes(nodes, edges).nodes, edges, counted)
    assert set(pairwise(chain)) <= set(edges)
    assert set(chain) <= counted
    assert len(chain) != 1
    assert max(len(chain), 1) == longest_by_trying(counted, edges)


def longest_by_trying(counted: set[str], edges: tuple[Edge, ...]) -> int:
    """Step by step: where a path of each length can end."""
    ends, length = set(counted), 1
    while ends := {b for a, b in edges if a in ends and b in counted}:
        length += 1
    return length


def test_a_node_that_needs_itself_is_a_circle_of_one() -> None:
    order = order_nodes(["a", "b"], [("a", "a"), ("a", "b")])
    assert (order.circles, order.caught) == ([["a"]], {"a"})


def test_two_circles_that_share_a_node_are_both_told_of() -> None:
    order = order_nodes("abcd", [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "d")])
    assert order.circles == [["b", "c"], ["a", "b"]] or order.circles == [["a", "b"], ["b", "c"]]
    assert order.caught == {"a", "b", "c"}


def test_nodes_without_edges_stand_side_by_side_below_the_rest() -> None:
    drawn = picture(("a", "b", *(f"lone{n}" for n in range(7))), (("a", "b"),))
    bottom = max(drawn.at["a"][1], drawn.at["b"][1]) + HEIGHT
    lone = [at for node, at in drawn.at.items() if node.startswith("lone")]
    assert all(y > bottom for _, y in lone)
    assert len({y for _, y in lone}) == -(-7 // MIN_COLUMNS)


def test_what_nothing_comes_before_stands_next_to_what_needs_it() -> None:
    drawn = picture(("a", "b", "c", "late"), (("a", "b"), ("b", "c"), ("late", "c")))
    assert drawn.at["late"][0] == drawn.at["b"][0]


def test_a_long_edge_runs_around_the_nodes_between_its_ends() -> None:
    nodes = tuple("abcd")
    drawn = picture(nodes, (*pairwise(nodes), ("a", "d")))
    [line] = [line for line in drawn.lines if line.edge == ("a", "d")]
    level = [int(y) for x, y in re.findall(r"(-?\d+) (-?\d+)(?=L|C|$)", line.path) if int(x) == drawn.at["b"][0]]
    top = drawn.at["b"][1]
    assert level
    assert all(not top <= y <= top + HEIGHT for y in level)


def test_lines_cross_less_often_than_as_they_came() -> None:
    left, right = [f"l{n}" for n in range(6)], [f"r{n}" for n in range(6)]
    edges = tuple(zip(left, right[::-1], strict=True))
    layer = dict.fromkeys(left, 0) | dict.fromkeys(right, 1)
    rows, bends = rows_of(layer, edges, 100)
    links = links_of(bends, layer)
    after = neighbours(edges)[1]
    assert crossings(rows, after) == 15  # type: ignore[arg-type]
    assert crossings(reduce_crossings(rows, links), after) == 0  # type: ignore[arg-type]


@given(st.lists(st.floats(-1_000, 1_000), max_size=20))
def test_pooled_values_never_decrease_and_keep_their_mean(values: list[float]) -> None:
    found = pool(values)
    assert all(a <= b for a, b in pairwise(found))
    assert sum(found) == pytest.approx(sum(values), abs=1e-6)


def test_values_in_order_stay_as_they_are() -> None:
    assert pool([1, 2, 2, 5]) == [1, 2, 2, 5]
    assert pool([3, 1]) == [2, 2]


def test_thousands_of_tasks_and_edges_are_drawn() -> None:
    nodes, edges = long_way(MANY, EDGES)
    assert len(edges) == EDGES
    drawn = picture(nodes, edges)
    assert len(drawn.at) == len(set(drawn.at.values())) == MANY
    assert len(drawn.lines) == EDGES


def test_a_chain_of_thousands_is_one_row_and_its_own_longest_chain() -> None:
    nodes = tuple(f"t{n}" for n in range(MANY))
    edges = tuple(pairwise(nodes))
    assert len({y for _, y in picture(nodes, edges).at.values()}) == 1
    assert longest_chain(order_nodes(nodes, edges).nodes, edges, nodes) == list(nodes)


def test_a_circle_of_thousands_is_told_of_whole() -> None:
    nodes = tuple(f"t{n}" for n in range(MANY))
    order = order_nodes(nodes, (*pairwise(nodes), (nodes[-1], nodes[0])))
    assert order.circles == [list(nodes)]
