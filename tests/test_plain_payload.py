"""Payloads that are checked at a glance pass, fail and read like those that are checked thoroughly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.payloads import run_events
from marcus_events import plain_payload
from marcus_events.core import payload
from marcus_events.core.event import InvalidEvent
from marcus_events.core.payload import MAX_NUMBER

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))  # with NUL and halves of surrogate pairs
    | st.sampled_from([r"\u0000", b"bytes", 1e16, 1e-4, -0.0, MAX_NUMBER, MAX_NUMBER + 1, 10**400]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=()), max_size=70) | st.integers(), children, max_size=4
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=70), ANYTHING, max_size=6), st.dictionaries(st.text(), ANYTHING, max_size=2))
def test_a_plain_event_is_checked_as_thoroughly_as_any_other(data: dict[str, Any], metadata: dict[str, Any]) -> None:
    assert outcome(plain_payload.check_payload, data, metadata) == outcome(payload.check_payload, data, metadata)


def test_nearly_all_events_of_a_run_are_plain() -> None:
    """Or their check would take five times as long, and nobody would notice."""
    events = list(run_events())
    plain = [event for event in events if all(map(plain_payload.is_plain, (event.data, event.metadata or {})))]
    assert len(plain) > 0.95 * len(events)


def outcome(check: Callable[..., tuple[str, str]], *values: object) -> object:
    try:
        return check(*values)
    except InvalidEvent as error:
        return str(error), error.limit
