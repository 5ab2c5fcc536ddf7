"""Only this site's own pages and programs with a token may open a WebSocket. Everything else is refused."""

from typing import Any

import pytest
from pytest_django import Settings

from config.middleware.origin import SameOrigin, is_allowed


@pytest.fixture(autouse=True)
def site(settings: Settings) -> Settings:
    settings.ALLOWED_HOSTS = ["events.example", "[::1]", "127.0.0.1"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://board.example"]
    settings.SESSION_COOKIE_SECURE = False
    return settings


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://events.example:8000", "events.example:8000"),
        ("http://events.example", "events.example"),
        ("http://events.example", "events.example:80"),
        ("https://events.example", "events.example:443"),
        ("https://events.example", "events.example"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://board.example", "events.example"),
    ],
)
def test_the_sites_own_pages_are_let_in(origin: str, host: str) -> None:
    assert is_allowed(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "events.example"),
        ("null", "events.example"),
        ("http://evil.example", "events.example"),
        ("http://evil.example", "evil.example"),  # a name that was rebound to this address
        ("http://events.example:9000", "events.example:8000"),  # another site on the same machine
        ("http://events.example", "events.example:8000"),
        ("http://events.example.evil.example", "events.example"),
        ("http://events.example@evil.example", "events.example"),
        ("http://evil.example/events.example", "events.example"),
        ("ftp://events.example", "events.example"),
        ("file://", "events.example"),
        ("file://", ""),
        ("http://", ""),
        ("http://events.example", ""),
        ("events.example", "events.example"),
    ],
)
def test_everybody_else_is_refused(origin: str, host: str) -> None:
    assert not is_allowed(origin, host)


def test_behind_tls_a_page_that_came_in_the_clear_is_refused(site: Settings) -> None:
    site.SESSION_COOKIE_SECURE = True
    assert is_allowed("https://events.example", "events.example")
    assert not is_allowed("http://events.example", "events.example")


TOKEN, COOKIE = (b"authorization", b"Bearer mev_x"), (b"cookie", b"sessionid=x")
HOST, OURS, THEIRS = b"events.example", b"http://events.example", b"http://evil.example"


@pytest.mark.parametrize(
    ("headers", "reached"),
    [
        ([(b"host", HOST), (b"origin", OURS)], True),
        ([(b"host", HOST), (b"origin", OURS.upper())], True),
        ([(b"host", HOST)], False),
        ([(b"host", HOST), (b"origin", THEIRS)], False),
        ([(b"host", HOST), (b"origin", OURS), (b"origin", THEIRS)], False),
        ([(b"host", HOST), (b"host", HOST), (b"origin", OURS)], False),
        ([(b"host", HOST), (b"origin", b"\xff\xfe")], False),
        ([(b"host", HOST), TOKEN], True),
        ([(b"host", HOST), (b"origin", OURS), TOKEN], True),
        ([(b"host", HOST), (b"origin", THEIRS), TOKEN], False),
        ([(b"host", HOST), (b"origin", b"null"), TOKEN], False),
        ([(b"host", HOST), (b"origin", b""), TOKEN], False),
        ([(b"host", HOST), (b"origin", OURS), (b"origin", OURS), TOKEN], False),
        ([(b"host", HOST), TOKEN, TOKEN], False),
        ([(b"host", HOST), (b"authorization", b"")], False),
        ([(b"host", b"evil.example"), TOKEN], False),
        ([TOKEN], False),
    ],
)
async def test_a_refused_handshake_never_reaches_the_application(
    headers: list[tuple[bytes, bytes]], reached: bool
) -> None:
    seen: list[object] = []
    sent: list[dict[str, object]] = []
    said: list[dict[str, object]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]

    async def application(scope: object, receive: object, send: object) -> None:
        seen.append(scope)

    async def receive() -> dict[str, object]:
        return said.pop(0)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await SameOrigin(application)({"type": "websocket", "path": "/", "headers": headers}, receive, send)
    assert bool(seen) is reached
    assert [message["type"] for message in sent] == ([] if reached else ["websocket.close"])


@pytest.mark.parametrize(
    ("headers", "kept"),
    [([TOKEN, COOKIE], False), ([(b"origin", OURS), COOKIE], True), ([(b"origin", OURS), COOKIE, TOKEN], True)],
)
async def test_a_program_has_no_cookies(headers: list[tuple[bytes, bytes]], kept: bool) -> None:
    seen: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: object, send: object) -> None:
        seen.append(scope)

    await SameOrigin(application)(
        {"type": "websocket", "path": "/", "headers": [(b"host", HOST), *headers]}, None, None
    )
    assert (COOKIE in seen[0]["headers"]) is kept
