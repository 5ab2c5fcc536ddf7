"""Refused requests are noted, alike ones together, off the request's own path; no token and no value is ever kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from config.middleware.body_limit import BodyLimit
from marcus_events.access import tokens
from marcus_events.access.authentication import Caller
from marcus_events.core.event import utc_now
from marcus_events.http import rejected_requests
from marcus_events.models import RefusedRequest, Token
from tests.api.program import Program, event
from tests.server.test_http_channel import Line

STRANGER = Program("mev_unknownunknownunknown")
CANARY = "canary-7f3a91"


def noted() -> list[dict[str, Any]]:
    """What is in the table once everything is written, newest first."""
    rejected_requests.REJECTED_REQUESTS.stop()
    return [dict(row) for row in RefusedRequest.objects.order_by("-last_at", "-id").values()]


def reasons() -> list[tuple[int, str, int]]:
    return [(row["status"], row["reason"], row["count"]) for row in noted()]


def caller(address: str = "10.0.0.1", secret: str = "") -> Caller:
    return Caller(address, secret)


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        ("{", {}, 400, "The body is not JSON: Expecting property name enclosed in double quotes"),
        ("{}", {"content_type": "text/plain"}, 415, "Send application/json"),
        ('"' + "x" * 1024 * 1024 + '"', {}, 413, "The body is larger than 1048576 bytes"),
        ({}, {}, 422, "/event_type: must be a non-empty string"),
        ([], {}, 422, "Send 1 to 500 events, not 0."),
        ([{}, {}], {}, 422, "2 of 2 events: /event_type: must be a non-empty string"),
    ],
)
def test_each_refusal_is_noted_with_its_reason(
    program: Program, body: object, headers: dict[str, str], status: int, reason: str
) -> None:
    assert program.post(body, **headers).status_code == status
    [row] = noted()
    assert (row["status"], row["count"], row["method"], row["path"]) == (status, 1, "POST", "/api/events")
    assert row["reason"].startswith(reason)
    assert row["address"] == "127.0.0.1"
    assert (program.token or "").startswith(row["prefix"])
    assert len(row["prefix"]) == 8


def test_who_may_not_come_in_is_noted(program: Program) -> None:
    Program(None).post(event())
    STRANGER.get("/api/events/wait")
    Program(tokens.create("reader", ["read"])).post(event())
    assert reasons() == [
        (403, "This token has no publish permission.", 1),
        (401, "Unknown token: it was revoked or belongs to another log.", 1),
        (401, "Send a token in the header: Authorization: Bearer TOKEN", 1),
    ]


def test_a_batch_of_which_some_are_rejected_is_noted_with_how_many(program: Program) -> None:
    assert program.post([event(), {"source": "x"}, event(), {}]).status_code == 201
    assert reasons() == [(422, "2 of 4 events: /event_type: must be a non-empty string", 1)]


def test_what_is_taken_is_not_noted_nor_what_is_not_there_nor_our_own_fault(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program.post(event(event_id="e1")).status_code == 201
    assert program.post(event(event_id="e1")).status_code == 201
    assert program.get("/api/nothing").status_code == 404
    assert program.get("/api/events/99").status_code == 404
    assert program.client.delete("/api/events").status_code == 405

    def away(secret: str) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tokens, "find", away)
    tokens.clear_cache()
    assert program.post(event()).status_code == 503
    assert noted() == []


def test_alike_refusals_are_one_row_that_counts(program: Program) -> None:
    for _ in range(3):
        program.post({})
    first = noted()[0]
    for _ in range(2):
        program.post({})
    Program(tokens.create("another")).post({})
    rows = noted()
    assert [row["count"] for row in rows] == [1, 5]
    assert rows[1]["first_at"] == first["first_at"] < first["last_at"] <= rows[1]["last_at"]


def test_how_long_to_wait_makes_no_row_of_its_own(program: Program, settings: Any) -> None:
    settings.RATES = settings.RATES | {"token": "1/minute"}
    answers = {program.get("/api/events").status_code for _ in range(4)}
    assert answers == {200, 429}
    assert reasons() == [(429, "Too many requests with this token: at most 1 in 60 s.", 3)]


def test_of_too_many_different_ones_the_rest_is_counted_together(program: Program) -> None:
    more = rejected_requests.MAX_PENDING + 50
    for n in range(more):
        rejected_requests.record_rejection(
            401,
            "Unknown token: it was revoked or belongs to another log.",
            caller(f"10.0.0.{n}"),
            "POST",
            "/api/events",
        )
    rows = noted()
    assert sum(row["count"] for row in rows) == more
    [others] = [row for row in rows if row["reason"] == rejected_requests.OTHERS]
    assert others["count"] >= more - 2 * rejected_requests.MAX_PENDING
    assert others["address"] == rejected_requests.OTHERS


def test_only_the_newest_rows_are_kept(program: Program) -> None:
    for start in range(0, 300, 100):
        for n in range(start, start + 100):
            rejected_requests.record_rejection(401, f"reason {n}", caller(), "POST", "/api/events")
        rejected_requests.REJECTED_REQUESTS.stop()
    assert RefusedRequest.objects.count() == rejected_requests.MAX_ROWS
    assert {row["reason"] for row in noted()} == {f"reason {n}" for n in range(100, 300)}


def test_a_token_is_never_written_down_wherever_it_was_sent(program: Program) -> None:
    secret = tokens.create("canary", ["read"])
    mine = Program(secret)
    mine.post(event())
    mine.get("/api/events", q=f"{secret}:x")
    mine.get("/api/events", limit=secret, since=secret)
    mine.get(f"/api/events?limit=x&token={secret}")
    rejected_requests.record_rejection(400, f"said {secret}", caller(secret, secret), "GET", f"/{secret}")
    found = str(noted())
    assert secret not in found
    assert secret[8:20] not in found
    assert f"{secret[:8]}…" in found


@pytest.mark.parametrize(
    "stated",
    [
        {"event_type": "x", "source": "s", "data": {"password": f"{CANARY}\0"}},
        {"event_type": "x", "source": "s", "data": {"password": [CANARY, 2**60]}},
        {"event_type": "x", "source": CANARY, "data": CANARY},
        {"event_type": "x", "source": "s", "timestamp": CANARY},
        {"event_type": CANARY, "source": [CANARY]},
        {"event_id": "taken", "event_type": "task_started", "source": CANARY, "data": {"a": CANARY}},
        [{"event_id": "taken", "event_type": "task_started", "source": CANARY, "data": {"b": CANARY}}, event()],
        f'{{"event_type": "{CANARY}',
    ],
)
def test_no_value_of_a_payload_is_written_down(program: Program, stated: object) -> None:
    program.post({"event_id": "taken", "event_type": "task_started", "source": CANARY})
    program.post(stated)
    rows = noted()
    assert rows
    assert CANARY not in str(rows)


@pytest.mark.parametrize(
    "attributes", [{"id": 7, "type": CANARY}, {"id": CANARY}, {"id": "1", "type": "x", "a": [CANARY]}]
)
def test_no_value_of_a_cloudevent_is_written_down(program: Program, attributes: dict[str, Any]) -> None:
    stated = {"specversion": "1.0", "source": CANARY, **attributes}
    assert program.post(stated, "application/cloudevents+json").status_code == 422
    rows = noted()
    assert rows
    assert CANARY not in str(rows)


def test_what_no_database_can_hold_is_noted_all_the_same(program: Program) -> None:
    odd = "\0 \udcff " + "é😀" * 400
    rejected_requests.record_rejection(400, odd, caller(odd, f"mev_{odd}"), odd, odd)
    [row] = noted()
    assert len(row["reason"]) == rejected_requests.MAX_REASON
    assert row["reason"].endswith("…")


@pytest.mark.parametrize("text", ["😀" * 500, "é" * 500, "\U0010ffff" * 500])
def test_the_longest_texts_fit_into_the_index(program: Program, text: str) -> None:
    rejected_requests.record_rejection(400, text, caller(text, f"mev_{text}"), text, text)
    assert len(noted()) == 1


def test_a_request_does_not_wait_for_the_note_and_what_cannot_be_written_waits(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Event()
    write = rejected_requests.write

    def away(taken: object) -> None:
        tried.set()
        raise OperationalError("the server is away")

    monkeypatch.setattr(rejected_requests, "WRITE_INTERVAL_S", 0)
    monkeypatch.setattr(rejected_requests, "RETRY_AFTER_S", 60)
    monkeypatch.setattr(rejected_requests, "write", away)
    assert program.post({}).status_code == 422
    assert tried.wait(180)
    assert program.post({}).status_code == 422
    assert RefusedRequest.objects.count() == 0
    monkeypatch.setattr(rejected_requests, "write", write)
    assert [row["count"] for row in noted()] == [2]
    assert caplog.messages.count("rejected requests are waiting to be recorded: the server is away") == 1


def test_what_fails_for_another_reason_is_said_and_ends_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(rejected_requests, "WRITE", "NONSENSE %s %s %s %s %s %s %s %s %s")
        program.post({})
        rejected_requests.REJECTED_REQUESTS.stop()
    assert "1 rejected requests could not be recorded" in caplog.text
    program.post({})
    assert [row["count"] for row in noted()] == [1]


def test_noting_asks_the_database_nothing_on_the_requests_own_path(
    program: Program, django_assert_num_queries: Any
) -> None:
    program.get("/api/events")
    with django_assert_num_queries(0):
        rejected_requests.record_rejection(401, "no", caller(), "GET", "/api/events")


def test_two_that_write_at_once_lose_no_count(program: Program) -> None:
    both = [rejected_requests.RejectedRequests(), rejected_requests.RejectedRequests()]
    now = utc_now()
    for n in range(60):
        for one in both:
            one.add(
                rejected_requests.RejectionKind(401, f"r{n % 7}", "a", "", "GET", "/"),
                rejected_requests.Tally(1, now, now),
            )
    for one in both:
        one.start()
    closing = [threading.Thread(target=one.stop) for one in both]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join()
    assert sum(row["count"] for row in noted()) == 120


def test_no_token_is_in_a_log(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    program.post({})
    Client().post("/api/events", headers={"Authorization": f"Bearer {program.token}x"})
    noted()
    connection.close()
    assert Token.objects.count() == 1
    assert (program.token or "") not in caplog.text


# Before Django is asked


def test_a_body_that_is_refused_unread_is_noted_too(program: Program) -> None:
    headers = [(b"content-length", b"99999999"), (b"authorization", f"Bearer {program.token}".encode())]
    scope = {"method": "POST", "path": "/api/events", "headers": headers, "client": ("10.0.0.9", 1)}

    async def send(message: object) -> None:
        pass

    asyncio.run(BodyLimit(None)(scope, None, send))  # type: ignore[arg-type]
    asyncio.run(BodyLimit(None)(scope | {"path": "/integrations/check/"}, None, send))  # type: ignore[arg-type]
    [row] = noted()
    assert (row["status"], row["method"], row["path"], row["address"]) == (413, "POST", "/api/events", "10.0.0.9")
    assert row["prefix"] == (program.token or "")[:8]


@pytest.mark.parametrize("length", [b"99999999", b"9" * 5_000])
def test_a_body_that_is_refused_at_the_gate_is_noted_too(program: Program, length: bytes) -> None:
    bearer = f"Authorization: Bearer {program.token}\r\n".encode()
    head = b"POST %s HTTP/1.1\r\nHost: here\r\n" + bearer + b"Content-Length: " + length + b"\r\n\r\n"
    for path in (b"/api/events?x=1", b"http://here/api/events", b"/integrations/check/"):
        line = Line()
        line.receive(head % path)
    [row] = noted()
    assert (row["status"], row["method"], row["path"], row["count"]) == (413, "POST", "/api/events", 2)
    assert row["prefix"] == (program.token or "")[:8]
    assert (program.token or "") not in str(row)
