"""How many connections one token, one person and one address may have open, and that they are counted rightly."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from pytest_django import Settings

from config.asgi import application
from dashboard.live import page_consumer
from marcus_events.access import open_connections, tokens
from marcus_events.access.open_connections import open_counts
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.live.hub import Hub
from marcus_events.models import RefusedRequest
from marcus_events.websocket import subscriptions
from tests.dashboard.conftest import may
from tests.dashboard.listening import opened
from tests.waiting import TIMEOUT_S, wait_until_async
from tests.websocket.conversation import HOST, OURS, bearer, connected_program, publish
from tests.websocket_line import Line, in_thread

pytestmark = pytest.mark.usefixtures("hub")
NOTHING = {"all": 0, "programs": 0, "people": 0}


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    settings.CONNECTIONS = {"token": 2, "user": 2, "address": 5}


@pytest.fixture
def cookie(log: None) -> str:
    """Of somebody who is signed in, and sees every board."""
    client = Client()
    client.force_login(may(User.objects.create_user("ann"), "see_every_board"))
    return f"sessionid={client.cookies['sessionid'].value}"


async def nothing_is_open() -> bool:
    await wait_until_async(lambda: open_counts() == NOTHING)
    return True


async def refusal_of(*headers: tuple[bytes, bytes]) -> tuple[int, str, str]:
    """The code that a further connection is closed with, and the limit and the detail of its error."""
    async with connected_program(*headers) as program:
        code = await program.closed()
    (error,) = program.frames
    return code, error["limit"], error["detail"]


async def test_a_token_has_so_many_and_keeps_those_that_it_has(token: str) -> None:
    other = await in_thread(tokens.create, "other")
    async with connected_program(bearer(token)) as first, connected_program(bearer(token)) as second:
        for program in (first, second):
            await program.ask(action="subscribe", id="a")
        code, limit, detail = await refusal_of(bearer(token))
        assert (code, limit) == (4429, "token_connections")
        assert "This token has 2 connections" in detail
        async with connected_program(bearer(other)) as others:
            assert (await others.ask(action="subscribe", id="a"))["type"] == "subscribed"
        await publish("task_started")
        await first.until("event")
    assert await nothing_is_open()
    await in_thread(REJECTED_REQUESTS.stop)
    noted = await sync_to_async(RefusedRequest.objects.get)()
    assert (noted.status, noted.prefix, noted.path) == (429, token[:8], "/ws/events/")


async def test_waits_count_like_connections(token: str, hub: Hub) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    waits = [asyncio.create_task(AsyncClient().get("/api/events/wait", headers=headers)) for _ in range(2)]
    await wait_until_async(lambda: hub.connections == 2)
    assert (await refusal_of(bearer(token)))[1] == "token_connections"
    refused = await AsyncClient().get("/api/events/wait", headers=headers)
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    assert refused.json()["limit"] == "token_connections"
    assert (await AsyncClient().get("/api/events/wait", {"timeout": 0}, headers=headers)).status_code == 200
    await publish("task_started")
    await publish("task_started")
    assert {answer.status_code for answer in await asyncio.gather(*waits)} == {200}
    assert await nothing_is_open()


async def test_a_person_has_so_many_pages_and_waits(cookie: str) -> None:
    async with opened(cookie, "now") as page, connected_program(OURS, (b"cookie", cookie.encode())) as socket:
        await page.frame()
        await socket.ask(action="subscribe", id="a")
        async with opened(cookie, "boards") as one_more:
            assert await one_more.closed() == page_consumer.TOO_MANY_CONNECTIONS
        client = AsyncClient()
        client.cookies["sessionid"] = cookie.partition("=")[2]
        refused = await client.get("/api/events/wait")
        assert refused.json()["limit"] == "user_connections"
        await page.frame()
    async with opened(cookie, "boards") as again:
        await again.frame()
    assert await nothing_is_open()


async def test_programs_leave_room_for_people(token: str, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_connections, "MAX_PROGRAM_CONNECTIONS", 1)
    async with connected_program(bearer(token)) as first:
        await first.ask(action="subscribe", id="a")
        other = await in_thread(tokens.create, "other")
        assert (await refusal_of(bearer(other)))[:2] == (4503, "program_connections")
        async with opened(cookie, "now") as page:
            await page.frame()


async def test_an_address_has_so_many_and_health_is_always_told(token: str) -> None:
    others = [await in_thread(tokens.create, f"other {n}") for n in range(3)]
    async with AsyncExitStack() as stack:
        for key in (token, token, *others):
            program = await stack.enter_async_context(connected_program(bearer(key)))
            await program.ask(action="subscribe", id="a")
        assert (await refusal_of(bearer(others[0])))[1] == "address_connections"
        front: Any = application
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front, client=("127.0.0.1", 1))) as client:
            refused = await client.get("http://testserver/api/events")
            assert (refused.status_code, refused.json()["limit"]) == (429, "address_connections")
            assert (await client.get("http://testserver/healthz")).status_code == 200
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front, client=("192.0.2.7", 1))) as client:
            assert (await client.get("http://testserver/api/events")).status_code == 401
    assert await nothing_is_open()


async def test_behind_a_proxy_the_address_is_the_one_that_it_tells_of(token: str, settings: Settings) -> None:
    settings.HTTPS = True
    settings.CONNECTIONS = settings.CONNECTIONS | {"address": 1}
    async with connected_program(bearer(token), (b"x-forwarded-for", b"192.0.2.1")) as first:
        await first.ask(action="subscribe", id="a")
        code, limit, _ = await refusal_of(bearer(token), (b"x-forwarded-for", b"192.0.2.9, 192.0.2.1"))
        assert (code, limit) == (4429, "address_connections")
        async with connected_program(bearer(token), (b"x-forwarded-for", b"192.0.2.2")) as elsewhere:
            assert (await elsewhere.ask(action="subscribe", id="a"))["type"] == "subscribed"


async def fail(*values: object) -> None:
    raise ZeroDivisionError


async def test_what_fails_gives_its_places_back(token: str, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions.SubscriptionSender, "run", fail)
    monkeypatch.setattr(page_consumer.LivePage, "send_frames", fail)
    async with connected_program(bearer(token)) as program, opened(cookie, "now") as page:
        assert await program.closed() == 4500
        assert await page.closed() == page_consumer.FAILED
    assert await nothing_is_open()


async def test_what_the_server_ends_gives_its_places_back(token: str, cookie: str) -> None:
    """A server cancels what does not end, and tells of no disconnection."""
    lines = [
        Line(application, "/ws/events/", [HOST, bearer(token)]),
        Line(application, "/ws/live/?page=now", [HOST, OURS, (b"cookie", cookie.encode())]),
    ]
    for line in lines:
        await line.connect(TIMEOUT_S)
    await wait_until_async(lambda: open_counts() == {"all": 2, "programs": 1, "people": 1})
    for line in lines:
        line.future.cancel()
    assert await nothing_is_open()
