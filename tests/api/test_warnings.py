"""What is taken with a warning is in the log, and every answer, page and count says what should be mended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from marcus_events.access import tokens
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.log import read
from marcus_events.models import RefusedRequest
from tests.api.program import Program, event

CANARY = "canary-7f3a91"
ODD: dict[str, Any] = {"task_id": "t1", "progress": f"half {CANARY}", "agent_id": [CANARY]}
WARNINGS = [
    ("/data/agent_id", "a string of at most 512 bytes or an integer"),
    ("/data/progress", "a number from 0 to 100"),
]


def odd(event_id: str = "e1") -> dict[str, Any]:
    return event("task_progress", event_id, **ODD)


def told(result: dict[str, Any], place: str = "") -> list[tuple[str, str]]:
    return [(each["pointer"].removeprefix(place), each["expected"]) for each in result["warnings"]]


def as_json(stated: object) -> str:
    """With a number that is beyond every float."""
    return json.dumps(stated).replace("Infinity", "1e999")


def counted() -> list[tuple[Any, ...]]:
    REJECTED_REQUESTS.stop()
    return list(RefusedRequest.objects.order_by("id").values_list("status", "reason", "method", "path", "count"))


def test_an_event_with_a_warning_is_taken_and_a_repeat_is_told_the_same(program: Program) -> None:
    for status in ("accepted", "duplicate"):
        response = program.post(odd())
        [result] = response.json()["results"]
        assert (response.status_code, result["status"], told(result)) == (201, status, WARNINGS)
    assert read.head().position == 1
    [row] = counted()
    assert row == (
        201,
        "/data/agent_id: should be a string of at most 512 bytes or an integer",
        "POST",
        "/api/events",
        2,
    )


def test_in_a_batch_each_has_its_own_and_the_others_have_none(program: Program) -> None:
    results = program.post([event(event_id="a"), odd("b"), {}]).json()["results"]
    assert [result["status"] for result in results] == ["accepted", "accepted", "rejected"]
    assert ["warnings" in result for result in results] == [False, True, False]
    assert told(results[1], "/1") == WARNINGS
    rows = {(status, reason.partition(": ")[0]) for status, reason, *_ in counted()}
    assert rows == {(422, "1 of 3 events"), (201, "1 of 3 events")}


def test_a_cloudevent_is_warned_of_alike(program: Program) -> None:
    stated = {"specversion": "1.0", "id": "1", "source": "s", "type": "task_progress", "data": ODD}
    [result] = program.post(stated, "application/cloudevents+json").json()["results"]
    assert told(result) == WARNINGS


def test_no_value_is_written_down(program: Program) -> None:
    program.post(odd())
    program.post([odd("b"), odd("c")])
    assert counted()
    assert CANARY not in str(counted())


def test_numbers_are_ids_and_nothing_is_said_of_them(program: Program) -> None:
    stated = {"event_type": "task_progress", "source": "s", "data": {"task_id": 77, "agent_id": 5, "board_id": 7}}
    [result] = program.post(stated | {"metadata": {}}).json()["results"]
    assert "warnings" not in result
    assert [each["event_id"] for each in program.read("/api/events", task="77", agent="5", board="7")["events"]]


@pytest.mark.parametrize("named", [7, 7.0, "7", None])
def test_a_token_of_one_board_publishes_to_it_by_its_number(log: None, named: Any) -> None:
    program = Program(tokens.create("seven", boards=["7"]))
    stated = {"event_type": "t", "source": "s", "data": {"board_id": named}}
    assert program.post(stated).status_code == 201
    recorded = read.event(1)
    assert recorded is not None
    assert recorded.board_id == "7"


@pytest.mark.parametrize("named", [8, 0, 7.5, 1e999, True, [7], {"a": 7}, "8"])
@pytest.mark.parametrize("place", ["metadata", "data"])
def test_and_to_no_other(log: None, named: Any, place: str) -> None:
    program = Program(tokens.create("seven", boards=["7"]))
    body = {"event_type": "t", "source": "s", place: {"board_id": named}}
    assert program.post(as_json(body)).status_code in (403, 422)
    both = {"event_type": "t", "source": "s", "metadata": {"board_id": named}, "data": {"board_id": 7}}
    assert program.post(as_json(both)).status_code in (403, 422)
    assert read.head().position == 0
