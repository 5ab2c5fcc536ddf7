"""Who may open the socket for programs, and what each may do there. Who may not is told why, and goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from config.asgi import application
from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.ingest import ingest
from marcus_events.live.hub import Hub
from marcus_events.log import read
from marcus_events.models import RefusedRequest, Token
from marcus_events.websocket import consumer
from tests.dashboard.conftest import may
from tests.websocket.conversation import (
    HOST,
    OURS,
    bearer,
    connected_program,
    is_handshake_refused,
    make_event,
    publish,
)
from tests.websocket_line import Line, in_thread

pytestmark = pytest.mark.usefixtures("hub")


@pytest.fixture
def cookie(log: None) -> tuple[bytes, bytes]:
    """Of somebody who is signed in, and sees every board."""
    client = Client()
    client.force_login(may(User.objects.create_user("ann"), "see_every_board"))
    return (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())


async def assert_sent_away(headers: list[tuple[bytes, bytes]], code: int, detail: str) -> None:
    async with connected_program(*headers) as program:
        assert await program.closed() == code
        (error,) = program.frames
    assert (error["type"], error["code"]) == ("error", code - 4000)
    assert detail in error["detail"]


UNKNOWN = (b"Bearer mev_wrong", b"Bearer x", b"Bearer a b", b"Bearer \xff")
NO_TOKENS = (b"Basic YTpi", b"mev_wrong", b"Bearer ")


async def test_what_is_not_a_token_opens_nothing(hub: Hub, token: str) -> None:
    for header in UNKNOWN:
        await assert_sent_away([(b"authorization", header)], 4401, "Unknown token")
    for header in (*NO_TOKENS, token.encode()):
        await assert_sent_away([(b"authorization", header)], 4401, "Send a token")
    assert hub.connections == 0


async def test_a_revoked_token_looks_like_an_unknown_one(token: str) -> None:
    await in_thread(tokens.revoke, "program")
    await assert_sent_away([bearer(token)], 4401, "Unknown token")


async def test_an_expired_token_is_told_so(token: str) -> None:
    await in_thread(lambda: Token.objects.update(expires_at=utc_now() - timedelta(seconds=1)))
    await assert_sent_away([bearer(token)], 4401, "This token expired at")


async def test_a_stranger_of_our_own_pages_is_told_to_show_a_token() -> None:
    for forged in (b"", b"sessionid=forged"):
        await assert_sent_away([OURS, (b"cookie", forged)], 4401, "Send a token")


async def test_a_token_in_the_address_is_none(token: str) -> None:
    line = Line(application, f"/ws/events/?token={token}&authorization=Bearer+{token}", [HOST])
    accepted, _ = await line.connect()
    assert not accepted
    await line.disconnect()


ELSEWHERE = (b"null", b"http://evil.example", b"http://testserver:81", b"https://testserver:8", b"")


async def test_another_sites_page_is_refused_whatever_it_shows(
    hub: Hub, token: str, cookie: tuple[bytes, bytes]
) -> None:
    for origin in ELSEWHERE:
        for shown in ([], [cookie], [bearer(token)], [bearer(token), cookie]):
            assert await is_handshake_refused((b"origin", origin), *shown)
    assert hub.connections == 0


async def test_without_origin_and_without_token_nobody_comes_in(cookie: tuple[bytes, bytes]) -> None:
    for shown in ([], [cookie], [cookie, (b"authorization", b"")]):
        assert await is_handshake_refused(*shown)


async def test_without_origin_a_cookie_is_nobodys(cookie: tuple[bytes, bytes]) -> None:
    await assert_sent_away([cookie, bearer("mev_wrong")], 4401, "Unknown token")


async def test_a_session_does_not_mend_a_wrong_token(cookie: tuple[bytes, bytes]) -> None:
    await assert_sent_away([OURS, cookie, bearer("mev_wrong")], 4401, "Unknown token")


async def test_a_person_reads_from_this_sites_own_page_and_never_publishes(cookie: tuple[bytes, bytes]) -> None:
    async with connected_program(OURS, cookie) as person:
        assert (await person.ask(action="subscribe", id="a"))["type"] == "subscribed"
        answer = await person.ask(action="publish", id="p", event={"event_type": "x", "source": "s"})
        assert (answer["type"], answer["code"]) == ("error", 403)
        await publish("task_started")
        await person.until("event")
    assert (await in_thread(read.head)).position == 1


@pytest.mark.parametrize(
    ("scope", "frame", "detail"),
    [
        ("publish", {"action": "subscribe"}, "This token has no read permission."),
        (
            "read",
            {"action": "publish", "events": [{"event_type": "x", "source": "s"}]},
            "This token has no publish permission.",
        ),
    ],
)
async def test_a_token_without_the_scope_is_told_so_and_nothing_is_done(
    log: None, scope: str, frame: dict[str, Any], detail: str
) -> None:
    secret = await in_thread(lambda: tokens.create("narrow", [scope]))
    async with connected_program(bearer(secret)) as program:
        answer = await program.ask(id="a", **frame)
    assert (answer["type"], answer["id"], answer["code"], answer["detail"]) == ("error", "a", 403, detail)
    assert (await in_thread(read.head)).position == 0


async def test_a_boards_token_sees_its_boards_alone(log: None) -> None:
    secret = await in_thread(lambda: tokens.create("b", ["read"], ["billing"]))
    async with connected_program(bearer(secret)) as program:
        for name, wanted in (("all", {}), ("own", {"board": "billing"}), ("other", {"q": "board:shop"})):
            await program.ask(action="subscribe", id=name, after=0, **wanted)
        for board in ("shop", "billing", "", "billing"):
            await publish("task_started", board=board)
        await publish("task_started", board="shop", data={"board_id": "billing"})
        claims = make_event("task_started", "shop")
        claims.metadata = {"board_id": "shop", "board_name": "billing"}
        await in_thread(ingest, [claims])
        await publish("end", board="billing")
        await program.receive_until(lambda: 7 in program.positions_of("all") and 7 in program.positions_of("own"))
        await program.ask(action="subscribe", id="late", after=0)
        await program.until("caught_up", id="late")
    assert [program.positions_of(name) for name in ("all", "own", "other", "late")] == [
        [2, 4, 7],
        [2, 4, 7],
        [],
        [2, 4, 7],
    ]


@pytest.mark.parametrize("board", ["shop", "nowhere"])
async def test_a_boards_token_is_refused_another_board(log: None, board: str) -> None:
    secret = await in_thread(lambda: tokens.create("b", ["read"], ["billing"]))
    async with connected_program(bearer(secret)) as program:
        answer = await program.ask(action="subscribe", id="a", board=board)
    assert (answer["code"], answer["detail"]) == (403, "You do not have access to this board.")


async def test_a_boards_token_publishes_to_no_other_board(log: None) -> None:
    secret = await in_thread(lambda: tokens.create("b", ["publish"], ["billing"], ["agent_*"]))
    stated = {"event_type": "x", "source": "agent_1", "metadata": {"board_id": "shop"}}
    async with connected_program(bearer(secret)) as program:
        answer = await program.ask(
            action="publish", events=[stated, stated | {"metadata": {}}, {"event_type": "x", "source": "b"}]
        )
    assert [result["code"] for result in answer["results"]] == [403, 201, 403]
    assert answer["results"][0]["pointer"] == "/events/0/metadata/board_id"
    assert (await in_thread(read.following, 0, 5))[0].board_id == "billing"


def revoke() -> None:
    tokens.revoke("program")


def expire() -> None:
    Token.objects.update(expires_at=utc_now())


def narrow() -> None:
    Token.objects.update(boards=["billing"])


@pytest.mark.parametrize("end", [revoke, expire, narrow])
async def test_a_token_that_ends_ends_what_is_open(
    hub: Hub, token: str, monkeypatch: pytest.MonkeyPatch, end: Any
) -> None:
    monkeypatch.setattr(consumer, "CHECK_S", 0.1)
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a")
        await in_thread(end)
        assert await program.closed() == 4401
        assert hub.connections == 0
        await program.send(action="publish", event={"event_type": "x", "source": "s"})
    assert (await in_thread(read.head)).position == 0


async def test_signing_out_ends_what_is_open(cookie: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "CHECK_S", 0.1)
    async with connected_program(OURS, cookie) as person:
        await person.ask(action="subscribe", id="a")
        await in_thread(lambda: User.objects.update(is_active=False))
        assert await person.closed() == 4401


async def test_while_the_database_is_away_who_comes_is_told_to_come_again_and_who_is_there_stays(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "CHECK_S", 0.05)

    def nobody(*_: object) -> None:
        raise OperationalError("connection refused")

    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a")
        with monkeypatch.context() as outage:
            outage.setattr("marcus_events.access.tokens.find", nobody)
            outage.setattr("marcus_events.access.tokens.find_cached", lambda secret: None)  # it may be known already
            await assert_sent_away([bearer(token)], 4503, "The log is temporarily unavailable")
            await publish("task_started")
            await program.until("event")
        assert (await program.ask(action="unsubscribe", id="a"))["type"] == "unsubscribed"


async def test_an_address_that_comes_too_often_is_told_to_wait(token: str, settings: Settings) -> None:
    settings.RATES = settings.RATES | {"address": "2/minute"}
    for _ in range(2):
        async with connected_program(bearer(token)):
            pass
    async with connected_program(bearer(token)) as program:
        assert await program.closed() == 4429
    assert 1 <= program.frames[0]["retry_after_s"] <= 60


async def test_each_frame_counts_and_one_too_many_is_told_to_wait_and_lives_on(token: str, settings: Settings) -> None:
    settings.RATES = settings.RATES | {"token": "3/minute"}
    stated = {"event_type": "x", "source": "s"}
    async with connected_program(bearer(token)) as program:  # the first
        answers = [
            await program.ask(action="publish", id=f"p{n}", event=stated) for n in range(consumer.MAX_MISTAKES + 4)
        ]
    assert [answer["type"] for answer in answers] == ["published"] * 2 + ["error"] * (len(answers) - 2)
    assert {answer["code"] for answer in answers[2:]} == {429}
    assert answers[2]["id"] == "p2"
    assert 1 <= answers[2]["retry_after_s"] <= 60
    assert (await in_thread(read.head)).position == 2


async def test_a_token_is_never_in_what_is_said_or_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    async with connected_program(bearer(token)) as program:
        for frame in ({}, {"action": "subscribe", "id": "a"}, {"action": token[:20]}):
            await program.ask(**frame)
    assert token not in str(program.frames) + caplog.text


async def test_what_is_refused_here_is_noted_too(token: str) -> None:
    await assert_sent_away([bearer("mev_unknown")], 4401, "Unknown token")
    async with connected_program(bearer(token)) as program:
        await program.send(action="dance", id="a")
        await program.until("error", id="a")
    await in_thread(REJECTED_REQUESTS.stop)
    noted = await in_thread(
        lambda: list(RefusedRequest.objects.order_by("status").values_list("status", "method", "path"))
    )
    assert noted == [(401, "WS", "/ws/events/"), (422, "WS", "/ws/events/")]
