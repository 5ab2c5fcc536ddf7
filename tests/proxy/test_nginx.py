"""Single sign-on through a real nginx with TLS, set up word for word as docs/access.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import product

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.proxy.nginx import DOCUMENT, NAME, Nginx, find
from tests.proxy.site import HEADER, TIMEOUT_S, SingleSignOn, user_in
from tests.proxy.test_single_sign_on import addresses
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not find(), reason="there is no nginx here: see scripts/ensure-nginx")
ADDRESS = "127.0.0.1"  # the browser's, as nginx sees it
FORGED = [
    (HEADER, "admin"),
    ("Http-X-Remote-User", "admin"),
    ("X_Remote_User", "admin"),
    ("X-Auth-Request-Email", "admin"),
    ("X-Forwarded-User", "admin"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[SingleSignOn]:
    with SingleSignOn(MARCUS_ALLOWED_HOSTS=NAME) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(site: SingleSignOn) -> Iterator[Nginx]:
    with Nginx(site.port) as running:
        yield running


def socket_of(nginx: Nginx, client: httpx.Client, path: str, **headers: str) -> ClientConnection | int:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    given = {"Cookie": cookies, "Origin": nginx.base_url} | headers
    try:
        return connect(
            nginx.base_url.replace("https", "wss", 1) + path,
            address=(ADDRESS, nginx.port),
            ssl=nginx.tls(),
            additional_headers=given,
            proxy=None,
            open_timeout=TIMEOUT_S,
        )
    except InvalidStatus as error:
        return error.response.status_code


def test_whom_the_proxy_knows_is_signed_in_over_tls(nginx: Nginx) -> None:
    with nginx.client("ann@example.org") as browser:
        page = browser.get("/boards/")
        assert (page.status_code, user_in(page)) == (200, "ann@example.org")
        assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert re.search(r"sessionid=.*; Secure", page.headers["Set-Cookie"])
        assert f"{nginx.base_url}/api/events" in browser.get("/integrations/").text


def test_the_first_administrator_is_made_as_documented(nginx: Nginx, site: SingleSignOn) -> None:
    (command,) = re.findall(r"^\./manage\.py (createsuperuser .*)$", DOCUMENT.read_text(), re.MULTILINE)
    site.manage(*command.split())
    with nginx.client("grace@example.org") as browser:
        assert (browser.get("/people/").status_code, browser.get("/admin/").status_code) == (200, 200)


def test_whom_the_proxy_does_not_know_comes_nowhere(nginx: Nginx) -> None:
    with nginx.client() as browser:
        for path in ("/", "/boards/", "/people/", "/metrics", "/admin/", "/ws/live/"):
            assert browser.get(path).status_code == 403
        assert socket_of(nginx, browser, "/ws/live/?page=now") == 403
        assert browser.get("/api/boards").status_code == 401
        assert browser.get("/healthz").json() == {"status": "ok"}


def test_a_walk_over_every_address_leads_past_the_proxys_sign_in_nowhere(nginx: Nginx) -> None:
    with nginx.client() as browser:
        for address, method in product(addresses(), ("GET", "POST")):
            if not re.match(r"/(api/|healthz|readyz)", address):
                for headers in ([], FORGED):
                    assert browser.request(method, address, headers=headers).status_code == 403, address


@pytest.mark.parametrize("forged", FORGED, ids=lambda header: header[0])
def test_a_clients_own_header_counts_for_nothing(nginx: Nginx, forged: tuple[str, str]) -> None:
    with nginx.client("ann@example.org") as browser:
        for headers in ([forged], [forged, forged]):
            assert user_in(browser.get("/boards/", headers=headers)) == "ann@example.org"
            assert browser.get("/people/", headers=headers).status_code == 403
            assert browser.get("/api/boards", headers=headers).status_code == 401
    with nginx.client() as stranger:
        assert stranger.get("/api/boards", headers=[forged]).status_code == 401
        assert stranger.get("/boards/", headers=[forged]).status_code == 403


def test_a_form_is_taken_from_the_sites_own_origin_with_its_port(nginx: Nginx) -> None:
    with nginx.client("admin") as browser:
        token = browser.get("/people/").cookies["csrftoken"]
        form = {"csrfmiddlewaretoken": token, "username": "grace", "role": "viewer", "sees": "some"}
        assert browser.post("/people/", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
        made = browser.post("/people/", data=form, headers={"Origin": nginx.base_url})
        assert made.status_code == 200, made.text
        assert f"{nginx.base_url}/sign-in/link/" in made.text


def test_a_page_is_live_through_the_proxy(nginx: Nginx) -> None:
    with nginx.client("ann@example.org") as browser:
        browser.get("/boards/")
        socket = socket_of(nginx, browser, "/ws/live/?page=now")
        assert isinstance(socket, ClientConnection)
        with socket:
            assert 'id="beat"' in str(socket.recv(TIMEOUT_S))
        assert socket_of(nginx, browser, "/ws/live/?page=now", Origin="https://evil.example") == 403


def test_a_websocket_of_somebody_elses_session_is_closed(nginx: Nginx) -> None:
    with nginx.client("admin") as administrator, nginx.client("ann@example.org") as browser:
        administrator.get("/boards/")
        browser.cookies.set("sessionid", administrator.cookies["sessionid"])
        socket = socket_of(nginx, browser, "/ws/live/?page=now", **{HEADER: "admin"})
        assert isinstance(socket, ClientConnection)
        with socket, suppress(ConnectionClosed):
            socket.recv(TIMEOUT_S)
        assert socket.close_code == 4401


def test_a_program_publishes_and_subscribes_with_its_token(nginx: Nginx, site: SingleSignOn) -> None:
    authorization = {"Authorization": f"Bearer {site.create_token('program')}"}
    with nginx.client() as program:
        event = {"event_type": "task_started", "source": "me", "data": {}}
        assert program.post("/api/events", json=event, headers=authorization).status_code == 201
        socket = socket_of(nginx, program, "/ws/events/", **authorization)
        assert isinstance(socket, ClientConnection)
        with socket:
            socket.send('{"action": "subscribe", "id": "a", "after": 0}')
            assert '"subscribed"' in str(socket.recv(TIMEOUT_S))


def test_what_a_client_says_of_its_address_counts_for_nothing(nginx: Nginx) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    with nginx.client() as stranger, nginx.client("admin") as administrator:
        assert stranger.post("/api/events", headers=forged).status_code == 401
        page = administrator.get("/integrations/", headers=forged)
        assert "evil.example" not in page.text
        assert "Strict-Transport-Security" in page.headers
        wait_until(lambda: "/api/events" in administrator.get("/integrations/").text.partition('id="refused"')[2])
        assert "6.6.6.6" not in administrator.get("/integrations/").text


@pytest.mark.parametrize("name", ["Daphne-Root-Path", "X-Script-Name", "X-Forwarded-Prefix"])
def test_no_header_moves_the_site_to_another_path(nginx: Nginx, name: str) -> None:
    headers = {name: "/evil"}
    with nginx.client("ann@example.org") as browser:
        for path in ("/boards/", "/api/docs", "/api/openapi.json"):
            assert "/evil" not in browser.get(path, headers=headers).text + browser.get(path).text


def test_under_another_name_nothing_is_shown(nginx: Nginx) -> None:
    with nginx.client("ann@example.org") as browser:
        answer = browser.get("/boards/", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert "MARCUS_ALLOWED_HOSTS=localhost,127.0.0.1,evil.example" in answer.text
        assert browser.get("/healthz", headers={"Host": "evil.example"}).status_code == 200
