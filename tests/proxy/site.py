"""`manage.py up` in single sign-on, and requests to it from a trusted address and from another one."""

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
        """A request of its own, without cookies, from this address. Headers may come twice."""
        transport = httpx.HTTPTransport(local_address=source, verify=False)
        with httpx.Client(transport=transport, base_url=self.base_url, timeout=TIMEOUT_S) as client:
            return client.request(method, path, headers=list(headers), content=body)

    def session_of(self, name: str) -> str:
        """The cookie of a session that the proxy began for this user."""
        answer = self.ask("/boards/", (HEADER, name))
        assert user_in(answer) == name
        return f"sessionid={answer.cookies['sessionid']}"

    def handshake(self, path: str, *headers: tuple[str, str], source: str = PROXY) -> ClientConnection | int:
        """An open WebSocket, or the status with which it was refused."""
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
    """Who is signed in, as the page says it; "" where nobody is."""
    found = re.search(r"Signed in as <b><bdi>(.*?)</bdi>", answer.text)
    return found.group(1) if found else ""
