"""A WebSocket of a session that the proxy began lives on with the session and the user, and not for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.asgi import application
from dashboard.live import page_consumer
from marcus_events.access import sessions
from marcus_events.live.hub import Hub
from marcus_events.models import Session
from marcus_events.websocket import consumer
from tests.proxy.site import HEADER
from tests.waiting import TIMEOUT_S
from tests.websocket.conftest import hub  # noqa: F401 # a fixture
from tests.websocket_line import Line, in_thread

BACKEND = "dashboard.pages.sign_in.proxy_users.ProxyUserBackend"


@pytest.fixture(autouse=True)
def single_sign_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = True
    settings.REMOTE_USER_HEADER = HEADER
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, BACKEND]
    monkeypatch.setattr(page_consumer, "SESSION_CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(consumer, "CHECK_S", 0.1)
    monkeypatch.setattr("marcus_events.live.hub_subscription.HEARTBEAT_S", 0.2)


def signed_in() -> bytes:
    client = Client()
    client.force_login(User.objects.create_user("ann"), backend=BACKEND)
    return f"sessionid={client.cookies['sessionid'].value}".encode()


@asynccontextmanager
async def opened(path: str, *headers: tuple[bytes, bytes], peer: str = "127.0.0.1") -> AsyncIterator[Any]:
    own = [(b"host", b"testserver"), (b"origin", b"https://testserver")]
    line = Line(application, path, [*own, *headers])
    line.scope["client"] = (peer, 50_000)
    accepted, _ = await line.connect(TIMEOUT_S)
    assert accepted
    try:
        yield line
    finally:
        await line.disconnect(timeout=TIMEOUT_S)


async def code(line: Any) -> int:
    """With which it is closed, after whatever else was sent."""
    while (message := await line.receive_output(TIMEOUT_S))["type"] != "websocket.close":
        pass
    return int(message["code"])


def lock_out() -> None:
    User.objects.update(is_active=False)


def sign_out() -> None:
    Session.objects.all().delete()


def delete_user() -> None:
    User.objects.all().delete()


PATHS = ["/ws/live/?page=now", "/ws/events/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("end", [lock_out, sign_out, delete_user])
async def test_it_ends_with_the_session_and_the_user(hub: Hub, path: str, end: Callable[[], None]) -> None:  # noqa: F811
    cookie = await in_thread(signed_in)
    async with opened(path, (b"cookie", cookie), (b"x-remote-user", b"ann")) as line:
        await assert_open(line)
        await in_thread(end)
        assert await code(line) == 4401


async def assert_open(line: Any) -> None:
    if "events" in line.scope["path"]:
        await line.send_to(text_data='{"action": "subscribe", "id": "a"}')
    assert '"error"' not in await line.receive_from(TIMEOUT_S)


@pytest.mark.parametrize(("path", "ends_with"), [(PATHS[0], page_consumer.UNAVAILABLE), (PATHS[1], consumer.UNKNOWN)])
async def test_after_a_while_its_client_has_to_come_again_through_the_proxy(
    hub: Hub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    ends_with: int,
) -> None:
    cookie = await in_thread(signed_in)
    async with opened(path, (b"cookie", cookie), (b"x-remote-user", b"ann")) as line:
        await assert_open(line)
        monkeypatch.setattr(sessions, "PROXY_SIGN_IN_S", 0.0)
        assert await code(line) == ends_with


@pytest.mark.parametrize("path", PATHS)
async def test_another_path_to_the_same_session_is_closed(hub: Hub, path: str) -> None:  # noqa: F811
    cookie = await in_thread(signed_in)
    for headers in ([], [(b"x-remote-user", b"bob")], [(b"x_remote_user", b"ann")], [(b"http-x-remote-user", b"ann")]):
        async with opened(path, (b"cookie", cookie), *headers) as line:
            assert await code(line) == 4401
    line = Line(application, path, [(b"host", b"testserver"), (b"origin", b"https://testserver"), (b"cookie", cookie)])
    line.scope["client"] = ("192.0.2.1", 50_000)
    line.scope["headers"].append((b"x-remote-user", b"ann"))
    assert await line.connect(TIMEOUT_S) == (False, 1000)
