"""POST /api/events: what is answered is committed; each event has a result of its own; what is wrong is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marcus_events.http.json_body import MAX_BODY
from marcus_events.http.publish_items import MAX_BATCH
from marcus_events.log import read
from tests.api.program import Program, assert_problem, event


def test_one_event_is_answered_with_its_position_after_the_commit(program: Program) -> None:
    response = program.post(event(event_id="evt_1", task_id="t1"))
    assert response.status_code == 201
    assert response.json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "results": [{"event_id": "evt_1", "position": 1, "status": "accepted", "code": 201}],
    }
    assert read.following(0, 10)[0].task_id == "t1"


def test_many_events_are_taken_in_their_order(program: Program) -> None:
    response = program.post([event(event_id=f"evt_{n}") for n in range(MAX_BATCH)])
    assert response.status_code == 201
    assert [result["position"] for result in response.json()["results"]] == list(range(1, MAX_BATCH + 1))
    assert [kept.event.event_id for kept in read.following(0, 3)] == ["evt_0", "evt_1", "evt_2"]


def test_what_has_no_id_is_given_one(program: Program) -> None:
    first, second = (program.post(event()).json()["results"][0] for _ in range(2))
    assert first["event_id"] != second["event_id"]
    assert (first["position"], second["position"]) == (1, 2)


def test_sending_again_adds_nothing_and_says_so(program: Program) -> None:
    program.post([event(event_id="a"), event(event_id="b")])
    response = program.post([event(event_id="b"), event(event_id="c")])
    assert response.status_code == 201
    assert response.json() == {
        "accepted": 1,
        "duplicates": 1,
        "rejected": 0,
        "results": [
            {"event_id": "b", "position": 2, "status": "duplicate", "code": 200},
            {"event_id": "c", "position": 3, "status": "accepted", "code": 201},
        ],
    }


def test_one_identity_for_two_bodies_is_refused_with_the_position_of_the_first(program: Program) -> None:
    program.post(event(event_id="a", n=1))
    body = assert_problem(program.post(event(event_id="a", n=2)), 409, "already published another event with this id")
    result = {"event_id": "a", "position": 1, "status": "rejected", "code": 409, "pointer": "/event_id", "limit": None}
    assert body["results"][0] | {"error": ""} == result | {"error": ""}
    assert read.head().position == 1


def test_beside_a_refused_event_the_others_are_taken(program: Program) -> None:
    response = program.post([event(event_id="a"), {"event_type": "x", "event_id": "b"}, 7, event(event_id="c")])
    assert response.status_code == 201
    body = response.json()
    assert (body["accepted"], body["rejected"]) == (2, 2)
    assert body["results"] == [
        {"event_id": "a", "position": 1, "status": "accepted", "code": 201},
        rejected("b", "/1/source", "/source: must be a non-empty string"),
        rejected("", "/2", "/: an event must be a JSON object"),
        {"event_id": "c", "position": 2, "status": "accepted", "code": 201},
    ]


def rejected(event_id: str, pointer: str, error: str) -> dict[str, Any]:
    result = {"event_id": event_id, "position": None, "status": "rejected", "code": 422}
    return result | {"error": error, "pointer": pointer, "limit": None}


def test_what_marcus_calls_otherwise_is_read_back_under_its_documented_name(program: Program) -> None:
    program.post(event("blocker_reported"))
    assert program.read("/api/events/1")["event_type"] == "task_blocked"


BAD_EVENTS: list[tuple[Any, str]] = [
    ({}, "/event_type: must be a non-empty string"),
    (event("") | {"source": "s"}, "/event_type: must be a non-empty string"),
    (event() | {"source": None}, "/source: must be a non-empty string"),
    (event() | {"source": "s" * 513}, "/source: is longer than 512 bytes"),
    (event() | {"event_id": 7}, "/event_id: must be a non-empty string"),
    (event() | {"timestamp": "yesterday"}, "/timestamp: is not an ISO 8601 timestamp such as 2026-05-04T09:00:00Z"),
    (event() | {"timestamp": "2026-05-04T09:00:00"}, "/timestamp: has no time zone"),
    (event() | {"data": [1]}, "/data: must be an object"),
    (event() | {"metadata": "x"}, "/metadata: must be an object"),
    (event(n=2**53), "/data/n: is a number beyond 2^53-1"),
    (event(text="\0"), "/data/text: contains the character NUL"),
    (event(text="\ud800"), "/data/text: contains half of a surrogate pair"),
    (event() | {"data": {"\udfff": 1}}, "/data: has a key that contains half of a surrogate pair"),
    (event(text="x" * 262_144), "/data: makes the event larger than 262144 bytes"),
    (event() | {"data": {f"k{n}": n for n in range(1_001)}}, "/data: gives the event more than 1000 keys"),
    ([["nested"]], "/: an event must be a JSON object"),
    (None, "/: an event must be a JSON object"),
    (1, "/: an event must be a JSON object"),
]


def test_an_event_that_cannot_be_taken_is_refused_with_place_and_reason(program: Program) -> None:
    for stated, error in BAD_EVENTS:
        body = assert_problem(program.post(stated), 422, error)
        assert (body["accepted"], body["rejected"]) == (0, 1)
        assert body["results"][0]["status"] == "rejected"
    assert read.head().position == 0


DEEP = "[" * 40 + "]" * 40
WRAPPED = '{"event_type": "x", "source": "s", "data": {"a": %s}}'


@pytest.mark.parametrize(
    ("literal", "error"),
    [
        ("9" * 5_000, "/data/a: is a number beyond 2^53-1"),
        ("-" + "9" * 5_000, "/data/a: is a number beyond 2^53-1"),
        ("1e5000", "/data/a: is not a finite number"),
        ("1e300", "/data/a: is a number beyond 2^53-1"),
        (DEEP, "is nested deeper than 32 levels"),
    ],
)
def test_numbers_and_depths_that_no_reader_could_take_are_refused(program: Program, literal: str, error: str) -> None:
    assert_problem(program.post(WRAPPED % literal), 422, error)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (" ", "The body is not JSON"),
        ("{", "The body is not JSON"),
        ("event_type=x", "The body is not JSON"),
        (WRAPPED % "NaN", "NaN is not JSON"),
        (WRAPPED % "-Infinity", "-Infinity is not JSON"),
        (b"\xff\xfe", "The body is not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "The body is not UTF-8"),
        ("\ufeff{}", "The body is not JSON"),
        ("[" * 100_000, "The body is nested too deeply"),
        ('{"a":' * 100_000, "The body is nested too deeply"),
    ],
)
def test_a_body_that_is_not_json_is_refused(program: Program, body: str | bytes, detail: str) -> None:
    assert_problem(program.post(body), 400, detail)


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_batch_has_bounds(program: Program, count: int) -> None:
    assert_problem(program.post([event()] * count), 422, f"Send 1 to {MAX_BATCH} events, not {count}")
    assert read.head().position == 0


def test_of_a_key_that_is_given_twice_the_last_counts(program: Program) -> None:
    assert program.post('{"event_type": "a", "event_type": "b", "source": "s"}').status_code == 201
    assert program.read("/api/events/1")["event_type"] == "b"


def test_the_largest_body_is_taken_and_one_byte_more_is_not(program: Program) -> None:
    body = json.dumps([event(event_id=f"evt_{n}", text="x" * 200_000) for n in range(5)])
    largest = body + " " * (MAX_BODY - len(body))
    assert program.post(largest).status_code == 201
    assert_problem(program.post(largest + " "), 413, "The body is larger than 1048576 bytes; send smaller batches")


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/xml", {}),
        ("", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_another_kind_of_body_is_refused(program: Program, content_type: str, headers: dict[str, str]) -> None:
    assert_problem(program.post(event(), content_type, **headers), 415, "Send ")


def test_the_kind_of_body_may_name_its_charset(program: Program) -> None:
    assert program.post(event(), "application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize("piece", ["[]", "{}", "0", "[0]"])
def test_a_body_of_more_values_than_anybody_sends_is_refused_unread(program: Program, piece: str) -> None:
    body = '{"event_type": "t", "source": "s", "data": {"a": [' + ",".join([piece] * 100_001) + "]}}"
    answer = assert_problem(program.post(body), 413, "The body contains more than 100000 values; send smaller batches.")
    assert answer["limit"] == "body_values"


def test_commas_and_brackets_in_a_text_are_no_values(program: Program) -> None:
    assert program.post(event(text='[{,"' * 50_000)).status_code == 201


@pytest.mark.parametrize("open_end", ['"' + '\\"' * 300_000, '{"a": "' + ",\\" * 200_000, '"' + "," * 500_000])
def test_a_text_without_an_end_is_refused_at_once(program: Program, open_end: str) -> None:
    assert_problem(program.post(open_end), 400, "The body is not JSON")
