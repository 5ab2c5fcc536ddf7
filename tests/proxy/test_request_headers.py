"""The application reads the headers in config/request_headers.py and no others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.http.request import HttpHeaders
from pytest_django import Settings

from config.asgi import application
from config.middleware import publish_endpoint
from config.middleware.proxy_headers import ProxyHeaders
from config.request_headers import READ, READ_BY_PREFIX, RequestHeaders
from config.utf8_request import Utf8Request
from marcus_events.access import tokens
from marcus_events.http.plain_http import Headers, decode_headers
from tests.access.boards import people, publish_all
from tests.access.table import TABLE
from tests.running_server import SOURCES

Header = tuple[bytes, bytes]
UNREAD = [
    "daphne-root-path",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "forwarded",
    "x-remote-user",
    "http-x-remote-user",
    "x-script-name",
    "x-real-ip",
    "x-http-method-override",
    "x-original-url",
    "accept-language",
    "x_drawer",
    "ce_id",
    "ce-a_b",
    "content_type",
]


class Scope:
    """The scope with which an application is called; it answers nothing."""

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.root_path = ""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.headers, self.root_path = scope["headers"], scope["root_path"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_every_header_that_is_not_in_the_table_is_removed(kind: str) -> None:
    read = [*READ, *(f"{prefix}id" for prefix in READ_BY_PREFIX)]
    inner = Scope()
    scope = {
        "type": kind,
        "path": "/",
        "root_path": "/evil",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), b"x") for name in read + UNREAD],
    }
    await ProxyHeaders(RequestHeaders(inner))(scope, None, None)
    assert [name.decode() for name, _ in inner.headers] == read
    assert inner.root_path == ""


class Recording(dict[str, Any]):
    """Django's META, which notes the headers that are read of it."""

    read: set[str]

    def __getitem__(self, key: str) -> Any:
        self.note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.note(str(key))
        return super().__contains__(key)

    def note(self, key: str) -> None:
        if key.startswith(("HTTP_", "CONTENT_")):
            self.read.add(key.removeprefix("HTTP_").replace("_", "-").lower())


class RecordingPlain(Recording):
    """The headers of a request that is answered without Django's objects, which notes those that are read."""

    def note(self, key: str) -> None:
        self.read.add(key)


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of all headers that are read meanwhile, by Django and by us."""
    read: set[str] = set()
    init, look_up = Utf8Request.__init__, HttpHeaders.__getitem__

    def began(request: Any, *values: Any) -> None:
        init(request, *values)
        request.META = Recording(request.META)
        request.META.read = read

    def looked_up(headers: Any, key: str) -> str:
        read.add(key.replace("_", "-").lower())
        return look_up(headers, key)

    def decoded(sent: Headers) -> dict[str, str]:
        headers = RecordingPlain(decode_headers(sent))
        headers.read = read
        return headers

    with monkeypatch.context() as patch:
        patch.setattr(publish_endpoint, "decode_headers", decoded)
        patch.setattr(Utf8Request, "__init__", began)
        patch.setattr(HttpHeaders, "__getitem__", looked_up)
        yield read


@pytest.mark.usefixtures("log")
def test_a_walk_over_every_address_reads_no_other_header(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    places, administrator = publish_all(), people()["administrator"]
    names = asdict(places) | {"outsider": User.objects.get(username="outsider").pk}
    headers = {"Cookie": f"sessionid={administrator.cookies['sessionid'].value}", "HX-Request": "true"}
    token = {"Authorization": f"Bearer {tokens.create('t')}", "Content-Type": "application/json"}

    async def walk() -> None:
        transport = httpx.ASGITransport(application)  # type: ignore[arg-type] # an ASGI application with types of ours
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for row in TABLE.values():
                for method in ("GET", "POST"):
                    await client.request(method, row.address.format(**names), headers=headers)
            await client.post("/api/events", headers=token, json={"event_type": "a", "source": "b", "data": {}})
            await client.get("/static/icon.svg")

    with recorded(monkeypatch) as read:
        asyncio.run(walk())
    assert read >= {"host", "cookie", "authorization", "origin", "x-drawer", "content-encoding"}, "nothing was recorded"
    assert {name for name in read if name not in READ and not name.startswith(tuple(READ_BY_PREFIX))} == set()


# Where our own code names a header that it reads, in any of the ways in which that can be done.
READING = re.compile(
    r"""META(?:\.get\(|\[)\s*"HTTP_(\w+)" | (?<![\w.])(?:request\.)?headers(?:\.get\(|\[)\s*"([\w-]+)"
    | (?:_only|header)\(\w*\.?scope,\s*b"([\w-]+)"\) | (?:name|key)\s*[!=]=\s*b"([\w-]+)" """,
    re.VERBOSE,
)
BY_PROXY = {"x-forwarded-for", "x-forwarded-proto"}  # in marcus_events/access/trusted_proxies.py


def test_our_own_code_names_no_other_header() -> None:
    found: set[str] = set()
    for path in (
        path
        for part in ("config", "dashboard", "marcus_events", "server")
        for path in Path(SOURCES, part).rglob("*.py")
    ):
        for match in READING.finditer(path.read_text()):
            found.add(next(filter(None, match.groups())).replace("_", "-").lower())
    assert found >= {"authorization", "content-encoding", "traceparent", "x-drawer", "origin", "host", "content-length"}
    assert found - set(READ) == BY_PROXY & found
