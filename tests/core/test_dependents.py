"""What waits behind a task, directly and through others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.dependents import transitive_dependents

ids = st.integers(0, 7)


def test_what_waits_is_found_through_others() -> None:
    pairs = [("pay", "cart"), ("ship", "pay"), ("mail", "ship"), ("logo", "brand")]
    assert transitive_dependents(pairs, done=()) == {
        "cart": {"pay", "ship", "mail"},
        "pay": {"ship", "mail"},
        "ship": {"mail"},
        "brand": {"logo"},
    }


def test_what_is_done_neither_waits_nor_holds_up() -> None:
    assert transitive_dependents([("pay", "cart"), ("ship", "pay"), ("mail", "cart")], done={"pay"}) == {
        "cart": {"mail"}
    }
    assert transitive_dependents([("pay", "cart")], done={"cart"}) == {}


def test_in_a_cycle_all_wait_for_the_others_but_none_for_itself() -> None:
    pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")]
    assert transitive_dependents(pairs, done=()) == {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}}


@given(st.lists(st.tuples(ids, ids), max_size=20), st.sets(ids))
def test_any_dependencies_agree_with_their_definition(pairs: list[tuple[int, int]], done: set[int]) -> None:
    """Waiting is the smallest relation with: a direct dependency waits, and what waits for that waits too."""
    direct = {(on, task) for task, on in pairs if task not in done and on not in done}
    waits = set(direct)
    while more := {(a, d) for a, b in waits for c, d in direct if b == c} - waits:
        waits |= more
    expected: dict[int, set[int]] = {}
    for on, task in waits:
        if on != task:
            expected.setdefault(on, set()).add(task)
    assert transitive_dependents(pairs, done) == expected
