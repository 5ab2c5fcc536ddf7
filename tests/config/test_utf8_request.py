"""No header changes how a request is read: through the ASGI application, as a server would hand it over."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from marcus_events.access import tokens
from tests.api.program import event


def send(method: str, address: str, headers: dict[str, str], **body: object) -> httpx.Response:
    from config.asgi import http

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=http)  # type: ignore[arg-type] # an ASGI application of Django's own types
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, address, headers=headers, **body)  # type: ignore[arg-type]

    return asyncio.run(ask())


CHARSETS = ["zlib", "idna", "unicode_escape", "utf-16", "undefined", "mbcs", "x" * 200]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("charset", CHARSETS)
def test_the_query_is_utf_8_whatever_charset_the_header_names(charset: str) -> None:
    headers = {"Authorization": f"Bearer {tokens.create('t')}", "Content-Type": f"text/plain; charset={charset}"}
    assert send("GET", "/api/events?q=%C3%A9&type=%5Cud800", headers).status_code == 200
    headers["Content-Type"] = f"application/json; charset={charset}"
    assert send("POST", "/api/events", headers, json=event(text="é")).status_code == 201
    assert send("GET", "/api/events/1", headers).json()["data"] == {"text": "é"}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("header", ["application/json; a*=bogus''%41", "application/json;charset*=a'b'c"])
def test_a_header_that_cannot_be_decoded_is_no_type(header: str) -> None:
    headers = {"Authorization": f"Bearer {tokens.create('t')}", "Content-Type": header, "Accept": header}
    assert send("GET", "/api/events", headers).status_code == 200
    assert send("POST", "/api/events", headers, content=b"{}").status_code == 415
    assert send("GET", "/", headers).status_code == 302
