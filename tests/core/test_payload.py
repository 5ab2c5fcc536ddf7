"""Payloads: each limit is refused with its place, and the largest that is allowed is taken."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from marcus_events.core.event import InvalidEvent
from marcus_events.core.payload import (
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_KEY_BYTES,
    MAX_KEYS,
    MAX_NAME_BYTES,
    MAX_NUMBER,
    check_name,
    check_object,
    check_payload,
    name_in,
    serialise,
)
from tests.core.drawn_events import objects


def nested(levels: int, inner: Any = None) -> Any:
    """Objects and arrays in turn, an object outermost."""
    for level in reversed(range(levels)):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


def sized(size: int) -> dict[str, str]:
    return {"a": "x" * (size - len('{"a":""}'))}


LARGEST: list[dict[str, Any]] = [
    {},
    nested(31, {}),
    {str(n): n for n in range(MAX_KEYS)},
    {"a": {str(n): n for n in range(MAX_KEYS - 1)}},
    {"k" * MAX_KEY_BYTES: 1, "é" * (MAX_KEY_BYTES // 2): 1},
    {"n": [MAX_NUMBER, -MAX_NUMBER, float(MAX_NUMBER), -0.0, 5e-324, 0.1]},
    sized(MAX_EVENT_BYTES - len("{}")),
    {"é": "\U0001f600\ufffe\x01\x7f\u2028", "": " ", "a/b~c": None},
]


@pytest.mark.parametrize("largest", LARGEST, ids=lambda value: serialise(value)[:20])
def test_the_largest_that_is_allowed_is_taken(largest: dict[str, Any]) -> None:
    assert check_payload(largest, {}) == (serialise(largest), "{}")


@given(objects)
def test_whatever_is_within_the_limits_is_taken_and_serialised_as_it_is(value: dict[str, Any]) -> None:
    assert [json.loads(text) for text in check_payload(value, {"a": 1})] == [value, {"a": 1}]


Refused = tuple[object, str, str]
REFUSED: list[Refused] = [
    (nested(32, {}), "/data" + "/a/0" * 16, f"is nested deeper than {MAX_DEPTH} levels"),
    ({str(n): n for n in range(MAX_KEYS + 1)}, "/data", f"more than {MAX_KEYS} keys"),
    ({"a": {str(n): n for n in range(MAX_KEYS)}}, "/data", f"more than {MAX_KEYS} keys"),
    ({"a": {"k" * (MAX_KEY_BYTES + 1): 1}}, "/data/a", f"has a key longer than {MAX_KEY_BYTES} bytes"),
    ({"a": {"é" * (MAX_KEY_BYTES // 2 + 1): 1}}, "/data/a", f"has a key longer than {MAX_KEY_BYTES} bytes"),
    ({"a": ["x", MAX_NUMBER + 1]}, "/data/a/1", "beyond 2^53-1; send it as a string"),
    ({"a": -MAX_NUMBER - 1}, "/data/a", "beyond 2^53-1"),
    ({"a": 10**5_000}, "/data/a", "beyond 2^53-1"),
    ({"a": 1e300}, "/data/a", "beyond 2^53-1"),
    ({"a": float("nan")}, "/data/a", "is not a finite number"),
    ({"a": float("-inf")}, "/data/a", "is not a finite number"),
    (sized(MAX_EVENT_BYTES + 1), "/data", f"larger than {MAX_EVENT_BYTES} bytes"),
    ({"é" * 100: "é" * (MAX_EVENT_BYTES // 2)}, "/data", "larger than"),
    ({"a": {"b/c~": "x\0"}}, "/data/a/b~1c~0", "contains the character NUL"),
    ({"a": "\ud83d"}, "/data/a", "contains half of a surrogate pair"),
    ({"a\0": 1}, "/data", "has a key that contains the character NUL"),
    ({"a": {"\udc00": 1}}, "/data/a", "has a key that contains half of a surrogate pair"),
    ({1: 1}, "/data", "has a key that is not a string"),
    ({"a": {1, 2}}, "/data/a", "is a set, which JSON does not have"),
    ({"a": b"x"}, "/data/a", "is a bytes, which JSON does not have"),
    ([], "/data", "must be an object"),
    ("text", "/data", "must be an object"),
    (None, "/data", "must be an object"),
]


@pytest.mark.parametrize(("value", "place", "reason"), REFUSED, ids=[f"{n}" for n in range(len(REFUSED))])
def test_what_is_beyond_a_limit_is_refused_with_its_place(value: object, place: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        check_payload(value, {})
    assert (refused.value.pointer, reason in refused.value.reason) == (place, True)
    str(refused.value).encode()  # what is said of it can itself be sent


@pytest.mark.parametrize("make", [lambda n: nested(n, {}), lambda n: {"a": [0] * n}], ids=["deep", "wide"])
def test_a_value_of_any_size_is_refused_without_exhausting_anything(make: Callable[[int], Any]) -> None:
    with pytest.raises(InvalidEvent):
        check_payload(make(200_000), {})


def test_long_keys_before_a_long_list_take_no_memory_of_their_own() -> None:
    """A pointer for each item of the list would be gigabytes."""
    value: Any = [0] * 100_000
    for _ in range(MAX_DEPTH - 2):
        value = {"k" * MAX_KEY_BYTES: value}
    tracemalloc.start()
    try:
        check_object(value, "/data")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_small_number_counts_with_all_the_zeros_that_it_is_given_back_with() -> None:
    """PostgreSQL writes each of these with 324 digits: what comes in as 200 KiB would come out as 12 MiB."""
    with pytest.raises(InvalidEvent, match="makes the event larger than") as refused:
        check_payload({}, {"n": [5e-324] * 1_000, "text": "e-324" * 1_000, "m": [-5e-324] * 30_000})
    assert (refused.value.pointer, refused.value.limit) == ("/metadata", "event_bytes")
    check_payload({"n": [5e-324, -1e-300, 0.0, -0.0, 1e-5] * 100, "text": "e-324" * 30_000}, {})


def test_a_cycle_is_refused() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    with pytest.raises(InvalidEvent, match="is nested deeper"):
        check_object(value, "/data")


@pytest.mark.parametrize("name", ["x", "x" * MAX_NAME_BYTES, "é" * (MAX_NAME_BYTES // 2), "a b\n", "<b>"])
def test_a_name_is_any_short_text(name: str) -> None:
    assert check_name(name, "/source") == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must be a non-empty string"),
        (" \t\n", "must be a non-empty string"),
        (None, "must be a non-empty string"),
        (7, "must be a non-empty string"),
        (["x"], "must be a non-empty string"),
        ("x" * (MAX_NAME_BYTES + 1), f"is longer than {MAX_NAME_BYTES} bytes"),
        ("é" * (MAX_NAME_BYTES // 2 + 1), f"is longer than {MAX_NAME_BYTES} bytes"),
        ("a\0", "contains the character NUL"),
        ("a\ud800", "contains half of a surrogate pair"),
    ],
)
def test_another_name_is_refused(name: object, reason: str) -> None:
    with pytest.raises(InvalidEvent, match=reason) as refused:
        check_name(name, "/source")
    assert refused.value.pointer == "/source"


def test_an_id_in_the_data_is_cut_at_a_whole_character_where_an_index_could_not_hold_it() -> None:
    assert name_in("é" * 300) == "é" * 256
    assert name_in("x" + "é" * 300) == "x" + "é" * 255
    assert (name_in(" "), name_in(7), name_in(True), name_in(None)) == (None, "7", None, None)
