"""POST /api/events is answered in front of Django's middleware as it is answered behind it, headers included."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from config.asgi import application, http
from marcus_events.access import tokens
from marcus_events.log import read
from marcus_events.log.listener import listener
from marcus_events.models import Token
from tests.api.program import event
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
# A page's policy lets more than an answer to a program needs; what Django varies by is not read here.
VARYING = {"content-length", "content-security-policy", "vary"}


async def posted(to: Any, body: bytes, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=to, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/api/events", content=body, headers={"Content-Type": "application/json"} | headers)


def post(body: bytes, headers: dict[str, str], to: Any = application) -> httpx.Response:
    return asyncio.run(posted(to, body, headers))


def authorized(*scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.create('-'.join(scopes), scopes)}"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(event(event_id="e1")).encode(), {}),
        (json.dumps([event(event_id="e1"), {}]).encode(), {}),
        (json.dumps([event(event_id="e1", text="x" * 1000)] * 100).encode(), {}),
        (b"{", {}),
        (b"", {}),
        (b"{}", {"Content-Type": "text/plain"}),
        (b"{}", {"Content-Encoding": "gzip"}),
        (b"{}", {"Authorization": "Bearer mev_unknown"}),
        (b"{}", {"Authorization": "Basic x"}),
        (b"{}", {"Host": "evil.example"}),
    ],
)
def test_the_answer_is_that_of_django_and_its_middleware(body: bytes, headers: dict[str, str]) -> None:
    sent = authorized("publish") | headers
    post(body, sent)  # what is taken is there already when it comes again
    found, expected = (post(body, sent, to) for to in (application, http))
    assert (found.status_code, found.json()) == (expected.status_code, expected.json())
    for name in expected.headers:
        assert name in VARYING or found.headers.get(name) == expected.headers[name], name


def test_a_token_that_may_not_publish_is_refused() -> None:
    assert post(json.dumps(event()).encode(), authorized("read")).status_code == 403
    assert read.head().position == 0


def test_a_token_is_looked_up_once_and_forgotten_when_its_rights_change() -> None:
    """Any process may change them: here the table is changed beside the code that would tell this process."""
    assert listener().wait_listening(20)
    headers = authorized("publish")
    secret = headers["Authorization"].partition(" ")[2]
    assert post(json.dumps(event()).encode(), headers).status_code == 201
    assert tokens.find_cached(secret)
    Token.objects.update(last_used_at=None)
    assert tokens.find_cached(secret), "its use is no right"
    Token.objects.update(scopes=["read"])
    wait_until(lambda: tokens.find_cached(secret) is None)
    assert post(json.dumps(event()).encode(), headers).status_code == 403
    Token.objects.all().delete()
    wait_until(lambda: tokens.find_cached(secret) is None)
    assert post(json.dumps(event()).encode(), headers).status_code == 401


def test_a_revoked_token_opens_nothing_from_the_next_request_on() -> None:
    headers = authorized("publish")
    assert post(json.dumps(event()).encode(), headers).status_code == 201
    assert tokens.revoke("publish")
    assert post(json.dumps(event()).encode(), headers).status_code == 401
