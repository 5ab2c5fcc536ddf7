"""Sets of positions as ranges, compared with Python's own sets and with PostgreSQL's multiranges."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.position_ranges import Ranges, runs

POSITIONS = st.sets(st.integers(-3, 40))


def of(positions: set[int]) -> Ranges:
    return Ranges(runs(sorted(positions)))


def listed(ranges: object) -> set[int]:
    return {n for lower, upper in ranges for n in range(lower, upper)}  # type: ignore[attr-defined]


@given(POSITIONS, POSITIONS, st.integers(-5, 45), st.integers(-5, 45))
def test_they_agree_with_sets(one: set[int], other: set[int], lower: int, upper: int) -> None:
    assert listed(of(one)) == one
    assert len(of(one)) == len(one)
    assert {n for n in range(-5, 45) if n in of(one)} == one
    assert listed(of(one).without(of(other))) == one - other
    assert listed(of(one).gaps(lower, upper)) == set(range(lower, upper)) - one
    assert listed(Ranges.union([of(one), of(other)])) == one | other


@pytest.mark.django_db
def test_they_read_what_postgresql_writes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT '{[1,5),[7,8),[4,6),(-4,-1]}'::int8multirange::text, '{}'::int8multirange::text")
        [(some, none)] = cursor.fetchall()
    assert list(Ranges.parse(some)) == [(-3, 0), (1, 6), (7, 8)]
    assert list(Ranges.parse(none)) == []
