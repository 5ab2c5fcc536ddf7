"""/mcp in front of Django: who may call it, from where, and what its responses have in common with all others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.mcp.tool_server import AGAIN
from marcus_events.models import RefusedRequest, Token
from tests.api.site import JSON, Site
from tests.running_server import SOURCES
from tests.sources.away import database_unavailable

pytestmark = pytest.mark.usefixtures("log")
LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
ACCEPT = (b"Accept", b"application/json, text/event-stream")
PRINT_WHETHER_IMPORTED = "import sys; import config.asgi; print('mcp' in sys.modules)"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as whole:
        yield whole


def post(site: Site, *headers: tuple[bytes, bytes], body: bytes = LIST, path: str = "/mcp") -> httpx.Response:
    return site.send("POST", path, [ACCEPT, JSON, *headers], body)


def with_token(secret: str) -> tuple[bytes, bytes]:
    return b"Authorization", f"Bearer {secret}".encode()


def test_a_request_with_a_token_is_answered_with_or_without_a_last_slash(site: Site) -> None:
    for path in ("/mcp", "/mcp/"):
        response = post(site, site.authorization, path=path)
        assert response.status_code == 200, response.text
        assert len(response.json()["result"]["tools"]) == 7
    assert post(site, site.authorization, path="/mcpx").status_code in (302, 403, 404)


def test_only_tokens_open_it_and_a_session_does_not(site: Site, admin_client: Any) -> None:
    tokens.create("revoked", ["read"])
    secrets = {
        "unknown": "mev_unknown",
        "revoked": tokens.create("to be revoked", ["read"]),
        "expired": tokens.create("expired", ["read"], expires_at=utc_now() + timedelta(days=1)),
    }
    tokens.revoke("to be revoked")
    Token.objects.filter(name="expired").update(expires_at=utc_now())
    session = (b"Cookie", f"sessionid={admin_client.cookies['sessionid'].value}".encode())
    for headers in ([], [session], *([with_token(secret)] for secret in secrets.values())):
        response = post(site, *headers)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    for scope in ("read", "publish"):
        assert post(site, with_token(tokens.create(scope, [scope]))).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_since_there_are_no_sessions_and_streams(site: Site, method: str) -> None:
    response = site.send(method, "/mcp", [site.authorization, (b"Mcp-Session-Id", b"x")])
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (b"http://127.0.0.1", 200),
        (b"https://board.example", 200),
        (b"https://evil.example", 403),
        (b"http://127.0.0.1:9000", 403),
        (b"null", 403),
        (b"", 403),
    ],
)
def test_pages_of_other_sites_are_refused(site: Site, settings: Settings, origin: bytes, status: int) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://board.example"]
    assert post(site, site.authorization, (b"Origin", origin)).status_code == status


def test_a_host_name_that_was_rebound_to_this_machine_is_refused(site: Site, settings: Settings) -> None:
    assert post(site, site.authorization, (b"Host", b"evil.example")).status_code == 400
    settings.ALLOWED_HOSTS = [".agents.example"]
    assert post(site, site.authorization, (b"Host", b"one.agents.example")).status_code == 200


def test_a_forged_proxy_header_is_refused(site: Site, settings: Settings) -> None:
    settings.REMOTE_USER_HEADER = "X-Remote-User"
    settings.TRUSTED_PROXIES = []
    assert post(site, site.authorization, (b"X-Remote-User", b"admin")).status_code == 403


def test_responses_have_the_headers_of_every_other_response(site: Site) -> None:
    for headers in ([site.authorization], []):
        response = post(site, *headers)
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"a": "\\ud800"}', 400), (b"[" + b"[],[]," * 100_000 + b"[]]", 413)]
)
def test_what_is_not_json_is_refused_before_the_sdk_sees_it(site: Site, body: bytes, status: int) -> None:
    response = post(site, site.authorization, body=body)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"


def test_people_find_out_why_an_agent_was_refused(site: Site) -> None:
    post(site)
    call = {"name": "report_progress", "arguments": {"task": "x" * 500}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    assert post(site, site.authorization, body=json.dumps(message).encode()).json()["result"]["isError"]
    REJECTED_REQUESTS.stop()
    found = set(RefusedRequest.objects.values_list("status", "method", "path", "reason"))
    assert (422, "MCP", "report_progress", "An argument must have at most 200 characters.") in found
    assert (401, "POST", "/mcp") in {row[:3] for row in found}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("get_task", {"task": "cart"}), ("report_progress", {"task": "cart"}), ("wait_for_answer", {"ticket": "x"})],
)
def test_an_agent_is_told_to_call_again_while_the_database_is_unavailable(
    site: Site, tool: str, arguments: dict[str, Any]
) -> None:
    post(site, site.authorization)
    call = {"name": tool, "arguments": arguments | ({"progress": 1} if tool == "report_progress" else {})}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    with database_unavailable():
        response = post(site, site.authorization, body=json.dumps(message).encode())
    assert response.status_code == 200
    assert response.json()["result"]["content"][0]["text"] == AGAIN


def test_the_sdk_is_imported_with_the_first_request_only() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", PRINT_WHETHER_IMPORTED]
    done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "False"
