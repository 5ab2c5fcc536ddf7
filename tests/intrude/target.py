"""The attacked server, with people and programs that attack it or use it meanwhile."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from marcus_events.access.tokens import SCOPES
from tests.running_server import Running
from tests.waiting import wait_until

TIMEOUT_S = 30.0


class Target(Running):
    """`manage.py up` with an empty log. `admin` is signed in as the superuser."""

    _admin: httpx.Client | None = None

    def __init__(self, **environment: str) -> None:
        super().__init__(**environment)
        self._clients: list[httpx.Client] = []

    def clear_away(self) -> None:
        for client in self._clients:
            client.close()
        super().clear_away()

    @property
    def admin(self) -> httpx.Client:
        if self._admin is None:
            self._admin = self.client()
            self.sign_in_client(self._admin)
        return self._admin

    def client(self, token: str = "", **headers: str) -> httpx.Client:
        """Return a client without cookies; with a token it is a program."""
        given = {"Authorization": f"Bearer {token}"} if token else {}
        made = httpx.Client(base_url=self.base_url, headers=given | headers, timeout=TIMEOUT_S)
        self._clients.append(made)  # closed at the end, if not before
        return made

    def token(self, *scopes: str, boards: Sequence[str] = (), sources: Sequence[str] = ()) -> str:
        """Create a token with these scopes; publish and read by default."""
        return self.create_token(uuid.uuid4().hex, scopes or SCOPES, boards=boards, sources=sources)

    def token_client(self, *scopes: str, boards: Sequence[str] = (), sources: Sequence[str] = ()) -> httpx.Client:
        return self.client(self.token(*scopes, boards=boards, sources=sources))

    def person(self, role: str = "viewer", boards: Sequence[str] = ()) -> tuple[str, httpx.Client]:
        """Create a person; return the name and a signed-in client."""
        name = f"person-{uuid.uuid4().hex[:8]}"
        form = {"username": name, "role": role, "sees": "some", "boards": list(boards)}
        answer = wait_until(lambda: self.person_made(form))
        assert answer, "it is never there"
        assert answer.status_code == httpx.codes.OK, answer.text
        client = self.client()
        self.follow_sign_in_link(client, found(r'<code id="sign-in-link">(http[^<]+)</code>', answer.text))
        return name, client

    def person_made(self, form: dict[str, Any]) -> httpx.Response | None:
        """Return the response; None while a board that was just published is not projected yet."""
        answer = self.post_form(self.admin, "/people/", form)
        return None if "It may have been removed" in answer.text else answer

    def post_form(self, client: httpx.Client, path: str, form: dict[str, Any], **headers: str) -> httpx.Response:
        """Post a form with its CSRF token."""
        token = client.cookies.get("csrftoken") or found(
            r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).text
        )
        return client.post(path, data=form | {"csrfmiddlewaretoken": token}, headers=headers)

    def socket(self, path: str, *, client: httpx.Client | None = None, **headers: str) -> ClientConnection:
        """Open a WebSocket with this client's cookies or token; with cookies, the origin is our own."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar) if client else ""
        given: dict[str, str] = {"Cookie": cookies, "Origin": self.base_url} if cookies else {}
        if client and "Authorization" in client.headers:
            given["Authorization"] = client.headers["Authorization"]
        address = f"ws://127.0.0.1:{self.port}{path}"
        return connect(address, additional_headers=given | headers, proxy=None, open_timeout=TIMEOUT_S)


def event(
    event_type: str = "task_progress", *, board: str = "shop", source: str = "agent_1", **fields: Any
) -> dict[str, Any]:
    """An event as a program sends it; `data` and `metadata` are taken as they are."""
    stated: dict[str, Any] = {"event_type": event_type, "source": source, "data": fields.pop("data", {})}
    stated["metadata"] = fields.pop("metadata", {}) | ({"board_id": board} if board else {})
    return stated | fields


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in {text[:2000]}"
    return match.group(1).replace("&amp;", "&")
