"""What a program may say. Whatever else it says is answered with what is wrong with it, and hurts nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import Settings

from marcus_events.http import json_body
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.ingest import Receipt
from marcus_events.log import read
from marcus_events.log.back_pressure import back_pressure
from marcus_events.models import RefusedRequest
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.websocket import consumer, frame_handlers, incoming, outgoing
from tests.lagging import age_events
from tests.waiting import wait_until_async
from tests.websocket.conversation import bearer, connected_program
from tests.websocket_line import in_thread

pytestmark = pytest.mark.usefixtures("hub")

SUBSCRIBE = {"action": "subscribe", "id": "a"}
STATED = {"event_type": "task_started", "source": "agent_1", "event_id": "e1"}


async def test_what_is_published_is_answered_as_over_http(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        await program.ask(action="publish", event=STATED)
        stated = [STATED, STATED | {"event_id": "e2"}, {"source": "s"}, 7]
        answer = await program.ask(action="publish", id="p1", events=stated)
        one = await program.ask(action="publish", event=STATED | {"data": {"n": 2**60}})
    assert (answer["type"], answer["id"]) == ("published", "p1")
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (1, 1, 2)
    assert answer["results"][0] == {"event_id": "e1", "position": 1, "status": "duplicate", "code": 200}
    assert answer["results"][1] == {"event_id": "e2", "position": 2, "status": "accepted", "code": 201}
    assert [result.get("pointer") for result in answer["results"][2:]] == ["/events/2/event_type", "/events/3"]
    assert (one["id"], one["results"][0]["pointer"]) == (None, "/event/data/n")


async def test_warnings_and_refusals_are_told_and_counted(token: str) -> None:
    def counted() -> set[tuple[int, str, str, str]]:
        REJECTED_REQUESTS.stop()
        return set(RefusedRequest.objects.values_list("status", "reason", "method", "path"))

    odd = STATED | {"event_type": "task_progress", "data": {"progress": "half"}}
    async with connected_program(bearer(token)) as program:
        answer = await program.ask(action="publish", id="p1", events=[odd, {}])
    expected = "a number from 0 to 100"
    assert answer["results"][0]["warnings"] == [{"pointer": "/events/0/data/progress", "expected": expected}]
    assert "warnings" not in answer["results"][1]
    assert await in_thread(counted) == {
        (201, f"1 of 2 events: /data/progress: should be {expected}", "WS", "/ws/events/"),
        (422, "1 of 2 events: /event_type: must be a non-empty string", "WS", "/ws/events/"),
    }


async def test_while_the_tables_are_far_behind_publishing_is_told_to_wait_and_the_connection_lives_on(
    token: str, settings: Settings
) -> None:
    settings.MAX_LAG = 30

    def fall_behind() -> None:
        age_events(40)
        back_pressure().must_wait()

    async with connected_program(bearer(token)) as program:
        await program.ask(action="publish", event=STATED)
        await in_thread(fall_behind)
        await wait_until_async(back_pressure().is_slowing)
        later = STATED | {"event_id": "later"}
        for _ in range(consumer.MAX_MISTAKES + 1):  # to come too early is no mistake
            answer = await program.ask(action="publish", id="p1", event=later)
            assert (answer["type"], answer["id"], answer["code"], answer["limit"]) == ("error", "p1", 429, "lag")
            assert answer["retry_after_s"] == 5
        assert (await program.ask(**SUBSCRIBE))["type"] == "subscribed"
        await in_thread(lambda: catch_up(PROJECTIONS))
        await wait_until_async(lambda: not back_pressure().is_slowing())
        answer = await program.ask(action="publish", id="p2", event=later)
    assert (answer["type"], answer["accepted"]) == ("published", 1)


async def test_what_was_published_is_sent_to_who_subscribed(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        await program.ask(**SUBSCRIBE)
        await program.send(action="publish", id="p1", event=STATED)
        found = await program.until("event")
    assert found["event"]["event_id"] == "e1"


NO_FRAMES: list[tuple[str | bytes, int, str]] = [
    ("", 400, "not JSON"),
    ("{", 400, "not JSON"),
    ("[]", 400, "must be a JSON object"),
    ("7", 400, "must be a JSON object"),
    ('{"action": NaN}', 400, "NaN is not JSON"),
    ("[" * 100_000, 400, "nested too deeply"),
    ('{"a": [' + "[]," * 100_000 + "0]}", 413, "contains more than 100000 values"),
    ('{"a": "' + "x" * json_body.MAX_BODY + '"}', 413, "larger than"),
    (b"\xff\x00", 415, "not binary frames"),
    (b"{}", 415, "not binary frames"),
]


async def test_what_is_no_frame_is_told_so_and_the_connection_lives_on(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        for text, code, detail in NO_FRAMES:
            kind = "bytes" if isinstance(text, bytes) else "text"
            await program.line.send_input({"type": "websocket.receive", kind: text})
            error = await program.until("error")
            assert (error["id"], error["code"]) == (None, code)
            assert detail in error["detail"]
        assert (await program.ask(**SUBSCRIBE))["type"] == "subscribed"


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "action", "must be one of subscribe, unsubscribe, publish"),
    ({"action": ["subscribe"]}, "action", "must be one of"),
    ({"action": "Subscribe", "id": "a"}, "action", "must be one of"),
    ({"action": "subscribe"}, "id", "is missing"),
    (SUBSCRIBE | {"id": ""}, "id", "non-empty"),
    (SUBSCRIBE | {"id": 7}, "id", "non-empty"),
    (SUBSCRIBE | {"id": "x" * 129}, "id", "longer than 128"),
    (SUBSCRIBE | {"id": "\ud800"}, "id", "surrogate"),
    (SUBSCRIBE | {"patern": "task_*"}, "'patern'", "is not a field of subscribe"),
    (SUBSCRIBE | {"\ud800": 1}, "'\\ud800'", "is not a field"),
    (SUBSCRIBE | {"pattern": []}, "pattern", "an array of 1 to 50"),
    (SUBSCRIBE | {"pattern": ["x"] * 51}, "pattern", "an array of 1 to 50"),
    (SUBSCRIBE | {"pattern": [7]}, "pattern", "non-empty string"),
    (SUBSCRIBE | {"pattern": ""}, "pattern", "non-empty string"),
    (SUBSCRIBE | {"pattern": "a\0"}, "pattern", "NUL"),
    (SUBSCRIBE | {"q": "colour:red"}, "q", "is not a field"),
    (SUBSCRIBE | {"q": '"'}, "q", "not closed"),
    (SUBSCRIBE | {"q": "x" * 501}, "q", "longer than 500"),
    (SUBSCRIBE | {"q": {}}, "q", "non-empty string"),
    (SUBSCRIBE | {"board": "\0"}, "board", "NUL"),
    (SUBSCRIBE | {"after": -1}, "after", "whole number"),
    (SUBSCRIBE | {"after": "7"}, "after", "whole number"),
    (SUBSCRIBE | {"after": 1.5}, "after", "whole number"),
    (SUBSCRIBE | {"after": True}, "after", "whole number"),
    (SUBSCRIBE | {"after": 2**63}, "after", "whole number"),
    (SUBSCRIBE | {"after": 10**400}, "after", "whole number"),
    (SUBSCRIBE | {"epoch": "x"}, "epoch", "must be an epoch"),
    ({"action": "unsubscribe", "id": "b"}, "id", "does not match a subscription"),
    ({"action": "unsubscribe", "id": "b", "after": 1}, "'after'", "is not a field"),
    ({"action": "publish", "id": "p"}, "events", "one of the two"),
    ({"action": "publish", "event": STATED, "events": [STATED]}, "events", "one of the two"),
    ({"action": "publish", "events": STATED}, "events", "must be an array"),
    ({"action": "publish", "id": "p", "event": STATED, "q": "x"}, "'q'", "is not a field"),
]


async def test_a_mistake_names_its_place_and_the_connection_lives_on(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        for frame, parameter, detail in MISTAKES:
            error = await program.ask(**frame)
            assert (error["type"], error["code"], error["parameter"]) == ("error", 422, parameter)
            assert detail in error["detail"]
            await program.ask(**SUBSCRIBE)
            assert (await program.ask(action="unsubscribe", id="a"))["type"] == "unsubscribed"
    assert (await in_thread(read.head)).position == 0


async def test_no_more_is_published_at_once_than_over_http(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        for count in (0, 501):
            error = await program.ask(action="publish", id="p", events=[{}] * count)
            assert (error["id"], error["code"], error["limit"]) == ("p", 422, "batch")


async def test_subscriptions_are_bounded_and_an_id_is_taken_once(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        for n in range(frame_handlers.MAX_SUBSCRIPTIONS):
            assert (await program.ask(action="subscribe", id=f"s{n}"))["type"] == "subscribed"
        assert (await program.ask(action="subscribe", id="s0"))["parameter"] == "id"
        assert (await program.ask(action="subscribe", id="more"))["limit"] == "subscriptions"
        await program.ask(action="unsubscribe", id="s7")
        assert (await program.ask(action="subscribe", id="more"))["type"] == "subscribed"


async def test_many_mistakes_in_a_row_end_the_connection_and_one_now_and_then_does_not(token: str) -> None:
    async with connected_program(bearer(token)) as program:
        for n in range(consumer.MAX_MISTAKES * 2):
            await program.ask(action="nothing")
            if n % 5 == 0:
                await program.ask(action="publish", event=STATED)
        await program.ask(action="publish", event=STATED)
        for _ in range(consumer.MAX_MISTAKES):
            await program.send(action="nothing")
        assert await program.closed() == 4400
    assert "in a row" in program.frames[-1]["detail"]


def test_an_answer_that_would_be_too_large_to_send_leaves_out_what_the_program_knows() -> None:
    receipts = [Receipt("\x01" * 512, "accepted", n) for n in range(400)]
    text = outgoing.published("p", receipts, is_batch=True, place="/events")
    assert len(text) < outgoing.MOST_SENT
    assert json.loads(text)["results"][7] == {"position": 7, "status": "accepted", "code": 201}


def test_ids_that_can_be_answered_to_are_found_in_what_is_otherwise_wrong() -> None:
    assert [incoming.id_in({"id": stated}) for stated in ("a", None, 7, "", "x" * 129)] == ["a", None, None, None, None]
