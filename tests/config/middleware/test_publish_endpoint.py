"""POST /api/events is answered in front of Django's middleware as it is answered behind it, headers included."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import httpx
import pytest

from config.asgi import application, http
from marcus_events.access import tokens
from marcus_events.http.json_body import MAX_BODY
from marcus_events.log import read
from marcus_events.log.listener import listener
from marcus_events.models import Token
from tests.api.program import event
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
# A page's policy lets more than an answer to a program needs; cookies, by which Django varies, are not read here.
VARYING = {b"content-length", b"content-security-policy", b"vary", b"set-cookie"}
EVENT = json.dumps(event(event_id="e1")).encode()
CLOUDEVENT = {"specversion": "1.0", "id": "c1", "source": "/orders", "type": "order.placed", "data": {"n": 1}}
BINARY = {"ce-specversion": "1.0", "ce-id": "c1", "ce-source": "/orders", "ce-type": "order.placed"}
LARGE = json.dumps([event(event_id=f"e{n}", text="x" * 1000) for n in range(100)]).encode()
TOO_LARGE = b" " * (MAX_BODY + 1)


class Answer(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: bytes


def ask(to: Any, body: bytes, headers: list[tuple[str, str]], *, chunk: int = 0, scheme: str = "http") -> Answer:
    """Post as a server hands a request over; with `chunk`, in parts of so many bytes and without a length."""
    parts = [body[n : n + chunk] for n in range(0, len(body) or 1, chunk)] if chunk else [body]
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages[-1]["more_body"] = False
    sent: list[dict[str, Any]] = []
    stated = [] if chunk else [("content-length", str(len(body)))]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/events",
        "root_path": "",
        "query_string": b"",
        "scheme": scheme,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in [*stated, *headers]],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        return await asyncio.Future()  # the client stays connected

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(to(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return Answer(sent[0]["status"], {name.lower(): value for name, value in sent[0]["headers"]}, body)


def assert_same(body: bytes, headers: dict[str, str | list[str]], **how: Any) -> Answer:
    """Check that the answer is that of Django. `headers` are sent beside a token and the type, or in their place."""
    usual: dict[str, str | list[str]] = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    merged = usual | authorized("publish") | headers
    sent = [(name, each) for name, value in merged.items() for each in ([value] if isinstance(value, str) else value)]
    ask(application, body, sent, **how)  # what is taken is there already when it comes again
    found, expected = (ask(to, body, sent, **how) for to in (application, http))
    assert (found.status, found.body) == (expected.status, expected.body)
    assert int(found.headers.get(b"content-length", len(found.body))) == len(found.body)
    for name in expected.headers.keys() | found.headers.keys():
        assert name in VARYING or found.headers.get(name) == expected.headers.get(name), name
    return found


def authorized(*scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.create('-'.join(scopes), scopes)}"}


async def posted(to: Any, body: bytes, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=to, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/api/events", content=body, headers={"Content-Type": "application/json"} | headers)


def post(body: bytes, headers: dict[str, str], to: Any = application) -> httpx.Response:
    return asyncio.run(posted(to, body, headers))


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (201, EVENT, {}),
        (201, EVENT, {"Content-Type": "Application/JSON; charset=zlib"}),
        (201, EVENT, {"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}),
        (201, EVENT, {"Content-Encoding": "Identity"}),
        (201, json.dumps([event(event_id="e1"), {}, event(event_id="\ud800")]).encode(), {}),
        (201, json.dumps(event(event_id="é ü 漢")).encode(), {}),
        (201, LARGE, {}),
        (201, json.dumps(CLOUDEVENT).encode(), {"Content-Type": "application/cloudevents+json"}),
        (201, json.dumps([CLOUDEVENT]).encode(), {"Content-Type": "application/cloudevents-batch+json"}),
        (201, b'{"n": 1}', BINARY),
        (201, b"\xff\x00", BINARY | {"Content-Type": "image/png"}),
        (201, EVENT, {"Origin": "https://evil.example", "Cookie": "sessionid=x; csrftoken=y", "X-CSRFToken": "z"}),
        (400, json.dumps([CLOUDEVENT]).encode(), {"Content-Type": "application/cloudevents+json"}),
        (400, json.dumps(CLOUDEVENT).encode(), {"Content-Type": "application/cloudevents-batch+json"}),
        (400, b"{", {}),
        (400, b"", {}),
        (400, b"\xff\xfe", {}),
        (400, b"[" * 5_000, {}),
        (400, b"NaN" + b" " * 40_000, {}),
        (400, EVENT, {"Host": "evil.example"}),
        (400, EVENT, {"Host": ["127.0.0.1", "evil.example"]}),
        (400, EVENT, {"Host": "127.0.0.1:x"}),
        (400, EVENT, {"Host": ""}),
        (401, EVENT, {"Authorization": []}),
        (401, EVENT, {"Authorization": ""}),
        (401, EVENT, {"Authorization": "Bearer"}),
        (401, EVENT, {"Authorization": "Bearer mev_unknown"}),
        (401, EVENT, {"Authorization": "Bearer é\x80"}),
        (401, EVENT, {"Authorization": "Basic x"}),
        (401, EVENT, {"Authorization": ["Bearer a", "Bearer b"]}),
        (413, TOO_LARGE, {}),
        (413, b"[" + b"[]," * 50_001, {}),
        (415, b"{}", {"Content-Type": "text/plain"}),
        (415, b"{}", {"Content-Type": "application/json; a*=bogus''%41"}),
        (415, b"{}", {"Content-Type": ["application/json", "application/json"]}),
        (415, b"{}", {"Content-Type": []}),
        (415, b"{}", {"Content-Encoding": "gzip"}),
        (422, b"{}", {}),
        (422, b"[]", {}),
        (422, b"7", {}),
        (422, b'{"event_id": "\\ud800"}', {}),
        (422, b"{}", BINARY | {"ce-time": "yesterday"}),
        (422, b"{}", BINARY | {"ce-id": "%ff"}),
    ],
)
@pytest.mark.parametrize("chunk", [0, 1_000])
def test_the_answer_is_that_of_django_and_its_middleware(
    chunk: int, status: int, body: bytes, headers: dict[str, str | list[str]]
) -> None:
    assert assert_same(body, headers, chunk=chunk).status == status


def test_over_tls_the_answer_has_the_headers_that_belong_to_it() -> None:
    assert assert_same(EVENT, {}, scheme="https").status == 201


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
