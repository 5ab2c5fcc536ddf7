"""`manage.py up` with single sign-on, and requests from a trusted and an untrusted address."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.running_server import Running

HEADER = "X-Remote-User"
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"  # addresses of this machine: the first is trusted, the second is not
TIMEOUT_S = 180.0
Headers = Sequence[tuple[str, str]]


class SingleSignOn(Running):
    def __init__(self, **environment: str) -> None:
        trusted = {"MARCUS_HTTPS": "1", "MARCUS_REMOTE_USER_HEADER": HEADER, "MARCUS_TRUSTED_PROXIES": PROXY}
        super().__init__(**trusted | environment)

    def ask(
        self, path: str, *headers: tuple[str, str], source: str = PROXY, method: str = "GET", body: bytes = b""
    ) -> httpx.Response:
        """Send a request without cookies from this address. Headers may be repeated."""
        transport = httpx.HTTPTransport(local_address=source, verify=False)
        with httpx.Client(transport=transport, base_url=self.base_url, timeout=TIMEOUT_S) as client:
            return client.request(method, path, headers=list(headers), content=body)

    def session_of(self, name: str) -> str:
        """Return the cookie of a session that the proxy started for this user."""
        answer = self.ask("/boards/", (HEADER, name))
        assert user_in(answer) == name
        return f"sessionid={answer.cookies['sessionid']}"

    def handshake(self, path: str, *headers: tuple[str, str], source: str = PROXY) -> ClientConnection | int:
        """Return an open WebSocket, or the status of the refusal."""
        origin = ("Origin", f"https://127.0.0.1:{self.port}")
        try:
            return connect(
                f"ws://127.0.0.1:{self.port}{path}",
                additional_headers=[origin, *headers],
                source_address=(source, 0),
                proxy=None,
                open_timeout=TIMEOUT_S,
            )
        except InvalidStatus as error:
            return error.response.status_code


def user_in(answer: httpx.Response) -> str:
    """Return the signed-in user as shown on the page; "" if nobody is."""
    found = re.search(r"Signed in as <b><bdi>(.*?)</bdi>", answer.text)
    return found.group(1) if found else ""
