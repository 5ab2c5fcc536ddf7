"""The name of a user counts in the configured header alone, from a trusted address alone, for its own request alone."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.access.table import TABLE
from tests.proxy.site import HEADER, PROXY, STRANGER, TIMEOUT_S, SingleSignOn, user_in
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def site() -> Iterator[SingleSignOn]:
    with SingleSignOn() as running:
        yield running


@pytest.fixture
def name() -> str:
    return f"ann-{uuid.uuid4().hex[:8]}@example.org"


def people(site: SingleSignOn) -> str:
    return site.ask("/people/", (HEADER, "admin")).text


def test_the_configured_header_signs_in_and_a_new_user_administers_nothing(site: SingleSignOn, name: str) -> None:
    answer = site.ask("/boards/", (HEADER, name))
    assert (answer.status_code, user_in(answer)) == (200, name)
    assert site.ask("/people/", (HEADER, name)).status_code == 403
    assert user_in(site.ask("/people/", (HEADER, "admin"))) == "admin"


FORGED = [
    ("Http-X-Remote-User", "admin"),
    ("HTTP-X-REMOTE-USER", "admin"),
    ("Remote-User", "admin"),
    ("X_Remote_User", "admin"),
    ("X-Remote_User", "admin"),
    ("Http_X_Remote_User", "admin"),
    ("X-Forwarded-User", "admin"),
    ("X-Remote-User-", "admin"),
]


@pytest.mark.parametrize("source", [PROXY, STRANGER])
@pytest.mark.parametrize("forged", FORGED, ids=lambda header: header[0])
def test_no_other_header_signs_anybody_in(site: SingleSignOn, forged: tuple[str, str], source: str) -> None:
    for path in ("/boards/", "/people/"):
        answer = site.ask(path, forged, source=source)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={path}")
        assert "sessionid" not in answer.cookies
    assert site.ask("/api/boards", forged, source=source).status_code == 401


def test_a_walk_over_every_address_answers_a_forged_header_like_none(site: SingleSignOn) -> None:
    """By every method of the table; without the header a session of the proxy's is nobody's there either."""
    cookie = ("Cookie", site.session_of("admin"))
    for address, method in product(addresses(), ("GET", "POST")):
        answers = {answer_of(site.ask(address, method=method))}
        answers |= {answer_of(site.ask(address, header, method=method)) for header in (*FORGED[:4], cookie)}
        assert len(answers) == 1, f"{method} {address}: {answers}"
        refused = site.ask(address, (HEADER, "admin"), cookie, source=STRANGER, method=method)
        assert refused.status_code == (200 if address == "/healthz" and method == "GET" else 403), f"{method} {address}"


def addresses() -> list[str]:
    """Of the table, with ids that are nobody's."""
    nobody: defaultdict[str, str] = defaultdict(lambda: "999999")
    return [row.address.format_map(nobody) for row in TABLE.values()]


def answer_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.parametrize("header", [HEADER, HEADER.upper(), HEADER.lower()])
def test_the_header_is_refused_from_an_address_that_is_not_trusted(site: SingleSignOn, header: str) -> None:
    page = site.ask("/boards/", (header, "admin"), source=STRANGER)
    assert (page.status_code, user_in(page)) == (403, "")
    assert "MARCUS_TRUSTED_PROXIES" in page.text
    answer = site.ask("/api/boards", (header, "admin"), source=STRANGER)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)
    assert "does not come from a trusted proxy" in answer.json()["detail"]
    wait_until(lambda: "does not come from a trusted proxy" in site.ask("/integrations/", (HEADER, "admin")).text)


@pytest.mark.parametrize(
    "doubled",
    [
        [(HEADER, "ann"), (HEADER, "admin")],
        [(HEADER, "admin"), (HEADER, "admin")],
        [(HEADER, "ann"), (HEADER.lower(), "admin")],
        [(HEADER, "ann"), ("X_Remote_User", "admin")],
        [("X-Remote_User", "admin"), (HEADER, "ann")],
        [(HEADER, ""), (HEADER, "admin")],
        [(HEADER, "ann,admin")],
    ],
)
def test_a_doubled_header_is_refused(site: SingleSignOn, doubled: list[tuple[str, str]]) -> None:
    for path in ("/boards/", "/api/boards"):
        answer = site.ask(path, *doubled)
        assert (answer.status_code, user_in(answer)) == (400, "")
        assert "more than once" in answer.text
    cookie = ("Cookie", site.session_of("admin"))
    assert site.handshake("/ws/live/?page=now", cookie, *doubled) in (400, 403)


def test_the_header_holds_for_its_own_request(site: SingleSignOn, name: str) -> None:
    cookie = ("Cookie", site.session_of(name))
    assert site.ask("/boards/", cookie).status_code == 302
    assert site.ask("/api/boards", cookie).status_code == 401
    assert user_in(site.ask("/boards/", cookie, (HEADER, "admin"))) == "admin"
    assert user_in(site.ask("/boards/", ("Cookie", site.session_of("admin")), (HEADER, name))) == name
    assert site.ask("/boards/", ("Cookie", site.session_of("admin")), (HEADER, "")).status_code == 302


def test_names_compare_as_they_are_stored(site: SingleSignOn) -> None:
    """Unicode has several spellings of one text, and other letters that only look alike."""
    composed, decomposed = "jos\N{LATIN SMALL LETTER E WITH ACUTE}", "jose\N{COMBINING ACUTE ACCENT}"
    headers = [(HEADER.encode(), name.encode()) for name in (composed, decomposed)]
    answers = [site.ask("/boards/", header) for header in headers]  # type: ignore[arg-type] # bytes, which are UTF-8
    assert [user_in(answer) for answer in answers] == [composed, composed]
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in "admin").encode()
    refused = site.ask("/boards/", (HEADER.encode(), full_width))  # type: ignore[arg-type]
    assert (refused.status_code, user_in(refused)) == (403, "")
    assert full_width.decode() not in people(site)


def test_a_name_that_differs_only_in_capitals_makes_no_second_user(site: SingleSignOn, name: str) -> None:
    site.ask("/boards/", (HEADER, name))
    for alike in (name.upper(), name.title()):
        answer = site.ask("/boards/", (HEADER, alike))
        assert (answer.status_code, user_in(answer)) == (403, "")
        assert "only in capitalization" in answer.text
        assert alike not in people(site)
    assert site.ask("/boards/", (HEADER, "Admin")).status_code == 403


def test_of_two_first_requests_that_differ_in_capitals_one_is_let_in(site: SingleSignOn) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"{word}-{mark}" for word in ("zoe", "ZOE", "Zoe", "zOE")]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(lambda each: site.ask("/boards/", (HEADER, each)).status_code, names))
    assert sorted(answers) == [200, 403, 403, 403]


@pytest.mark.parametrize("name", ["<b>", "ann bob", "x" * 151, "ann;bob", "a\\b"])
def test_a_name_that_no_user_can_have_is_refused(site: SingleSignOn, name: str) -> None:
    answer = site.ask("/boards/", (HEADER, name))
    assert (answer.status_code, user_in(answer)) == (403, "")
    assert "<b>" not in answer.text.replace("<b><bdi>", "")


def test_a_name_that_is_not_utf_8_is_refused(site: SingleSignOn) -> None:
    assert site.ask("/boards/", (HEADER.encode(), b"jos\xe9")).status_code == 403  # type: ignore[arg-type]


def test_who_was_locked_out_stays_so(site: SingleSignOn, name: str) -> None:
    site.ask("/boards/", (HEADER, name))
    lock_out(site, name)
    answer = site.ask("/boards/", (HEADER, name))
    assert (answer.status_code, user_in(answer)) == (403, "")
    assert "is not allowed to sign in" in answer.text


def lock_out(site: SingleSignOn, name: str) -> None:
    cookies = site.session_of("admin")
    found = re.search(rf'href="(/people/\d+/)"[^>]*>(?:(?!</a>).)*{re.escape(name)}', people(site), re.DOTALL)
    assert found, people(site)
    page = site.ask(found.group(1), (HEADER, "admin"), ("Cookie", cookies))
    token = page.cookies["csrftoken"]
    form = httpx.QueryParams({"act": "lock-out", "confirm": name, "csrfmiddlewaretoken": token})
    answer = site.ask(
        found.group(1),
        (HEADER, "admin"),
        ("Cookie", f"{cookies}; csrftoken={token}"),
        ("Origin", site.base_url),
        ("Content-Type", "application/x-www-form-urlencoded"),
        method="POST",
        body=str(form).encode(),
    )
    assert answer.status_code == 302, answer.text


def test_a_programs_token_works_beside_the_header_and_makes_no_session(site: SingleSignOn, name: str) -> None:
    authorization = ("Authorization", f"Bearer {site.create_token(name)}")
    for headers in ([authorization], [authorization, (HEADER, name)]):
        answer = site.ask("/api/boards", *headers)
        assert (answer.status_code, answer.cookies.get("sessionid")) == (200, None)


@pytest.mark.parametrize("path", ["/ws/live/?page=now", "/ws/events/"])
def test_a_websocket_of_the_proxys_session_needs_the_header_with_the_same_user(
    site: SingleSignOn, name: str, path: str
) -> None:
    cookie = ("Cookie", site.session_of(name))
    assert first(site, path, cookie, (HEADER, name)) == "open"
    assert first(site, path, cookie) == "4401"
    assert first(site, path, cookie, (HEADER, "")) == "4401"
    assert first(site, path, cookie, (HEADER, "admin")) == "4401"
    assert first(site, path, cookie, ("X_Remote_User", name)) == "4401"
    assert first(site, path, cookie, ("Http-X-Remote-User", name)) == "4401"
    assert first(site, path, (HEADER, name)) == "4401", "a socket begins no session"
    assert site.handshake(path, cookie, (HEADER, name), source=STRANGER) == 403


def first(site: SingleSignOn, path: str, *headers: tuple[str, str]) -> str:
    """What the socket says first: "open", or the code that it is closed with."""
    socket = site.handshake(path, *headers)
    assert not isinstance(socket, int), socket
    with socket, suppress(ConnectionClosed):
        if "events" in path:
            socket.send('{"action": "subscribe", "id": "a"}')
        while '"error"' in str(socket.recv(TIMEOUT_S)):
            pass
        return "open"
    return str(socket.close_code)
