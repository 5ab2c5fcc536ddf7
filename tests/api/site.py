"""The whole ASGI application in this process, with any bytes in bodies and headers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import httpx

from marcus_events.access import tokens

Header = tuple[bytes, bytes]
JSON: Header = (b"Content-Type", b"application/json")


class Site:
    """A context manager; `sent` counts requests. Returns every response, including 500."""

    def __init__(self) -> None:
        self.sent = 0
        self.token = tokens.create("site", ["publish", "read"])
        self.authorization = (b"Authorization", f"Bearer {self.token}".encode())
        self._runner = asyncio.Runner()
        self._client: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        from config.asgi import application as whole

        application: Any = whole
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._client:
            self._runner.run(self._client.aclose())
        self._runner.close()

    def send(
        self, method: str, url: str | httpx.URL, headers: Iterable[Header] = (), body: bytes = b""
    ) -> httpx.Response:
        assert self._client, "not entered"
        request = self._client.build_request(method, url, headers=[*headers], content=body)
        self.sent += 1
        return self._runner.run(self._client.send(request))

    def publish(self, body: bytes, *headers: Header) -> httpx.Response:
        return self.send("POST", "/api/events", [self.authorization, *headers], body)

    def get(self, address: str, accept: str = "application/json") -> httpx.Response:
        return self.send("GET", address, [self.authorization, (b"Accept", accept.encode())])
