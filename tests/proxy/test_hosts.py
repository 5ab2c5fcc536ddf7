"""A request under a host name that is not allowed is told which name that was; health is told under any."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from config.middleware import unknown_host
from config.middleware.liveness import Healthz
from tests.running_server import Running
from tests.waiting import wait_until

EVIL = "evil.example"
SETTING = f"MARCUS_ALLOWED_HOSTS=localhost,127.0.0.1,{EVIL}"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as up:
        yield up


@pytest.fixture(scope="module")
def administrator(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.base_url, timeout=180) as client:
        running.sign_in_client(client)
        yield client


def ask(running: Running, path: str, host: str = EVIL, method: str = "GET") -> httpx.Response:
    return httpx.request(method, running.base_url + path, headers={"Host": host}, timeout=180)


@pytest.mark.parametrize("path", ["/", "/boards/", "/sign-in/", "/admin/", "/no/such/page", "/favicon.ico"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_says_which_name_and_which_setting(running: Running, path: str, method: str) -> None:
    answer = ask(running, path, f"{EVIL}:8000", method)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert SETTING in answer.text
    assert "1 MiB" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api", "/api/events", "/api/docs", "/api/none", "/metrics"])
def test_a_program_is_told_the_same_as_a_problem(running: Running, path: str) -> None:
    answer = ask(running, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert SETTING in answer.json()["detail"]


def test_a_websocket_is_refused(running: Running) -> None:
    for path in ("/ws/live/?page=now", "/ws/events/"):
        with pytest.raises(InvalidStatus) as refused:
            connect(
                f"ws://{EVIL}:{running.port}{path}",
                address=("127.0.0.1", running.port),
                additional_headers={"Origin": f"http://{EVIL}:{running.port}"},
                proxy=None,
            )
        assert refused.value.response.status_code == 403


def test_the_log_and_integrations_tell_of_it(running: Running, administrator: httpx.Client) -> None:
    for _ in range(3):
        ask(running, "/", "typo.example")
    wait_until(
        lambda: "MARCUS_ALLOWED_HOSTS=localhost,127.0.0.1,typo.example" in administrator.get("/integrations/").text
    )
    lines = [line for line in running.output.read_text().splitlines() if "typo.example" in line]
    assert len(lines) == 1
    assert "WARNING" in lines[0]
    assert "MARCUS_ALLOWED_HOSTS=localhost,127.0.0.1,typo.example" in lines[0]


@pytest.mark.parametrize("host", ["<b>x</b>", "a b", "x" * 2_000, "", "[::1", "evil.example:port", "é.example"])
def test_a_name_that_cannot_be_one_is_shown_escaped_and_cut_short(running: Running, host: str) -> None:
    sent = [(b"Host", host.encode())]
    page = httpx.get(running.base_url, headers=sent)
    assert page.status_code == 400
    assert "<b>x" not in page.text
    assert "x" * 101 not in page.text
    assert "MARCUS_ALLOWED_HOSTS" in page.text


@pytest.mark.parametrize("host", ["10.1.2.3", EVIL, "<b>", "x" * 2_000, ""])
def test_health_is_told_under_any_name(running: Running, host: str) -> None:
    assert ask(running, "/healthz", host).json() == {"status": "ok"}
    assert ask(running, "/readyz", host).json()["status"] == "ready"
    assert ask(running, "/healthz", host, "HEAD").status_code == 200


async def test_health_needs_nothing_of_the_application() -> None:
    sent = []

    async def fail(*values: object) -> None:
        raise AssertionError("the application was asked")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await Healthz(fail)({"type": "http", "path": "/healthz", "method": "GET", "headers": []}, None, send)
    assert [message.get("body") for message in sent] == [None, b'{"status": "ok"}']


def test_only_the_first_names_of_an_hour_are_remembered() -> None:
    now = [0.0]
    names = unknown_host.RefusedNames(lambda: now[0])
    assert names.add("a") == (True, True)
    assert names.add("a") == (True, False)
    for number in range(200):
        names.add(f"n{number}")
    assert names.add("b") == (False, False)
    assert names.add("a") == (True, False)
    now[0] += unknown_host.REMEMBERED_S + 1
    assert names.add("b") == (True, True)


PREFIXES = ["/zqevil", "//zqevil.example", "%2fzqevil", "/boards/zqevil", "%0d%0aX: zqevil", "\N{SNOWMAN}zqevil"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_clients_root_path_changes_no_page(running: Running, administrator: httpx.Client, prefix: str) -> None:
    data = {"task_id": "t", "description": "No key"}
    running.publish({"event_type": "task_blocked", "source": "a", "data": data, "metadata": {"board_id": "b"}})
    header = {b"Daphne-Root-Path": prefix.encode()}
    for path in ("/", "/boards/", "/activity/", "/blocked/", "/history/", "/api/docs", "/api/openapi.json"):
        for answer in (administrator.get(path, headers=header), administrator.get(path)):
            assert answer.status_code == 200
            assert "zqevil" not in answer.text, path


def test_a_clients_root_path_leads_past_no_rule_for_paths(running: Running, administrator: httpx.Client) -> None:
    for path in ("/people/", "/boards/", "/metrics", "/api/docs"):
        assert administrator.get(f"/public{path}", headers={"Daphne-Root-Path": "/public"}).status_code == 404


def test_the_description_keeps_nothing_of_a_name_that_asked_before(running: Running) -> None:
    ours = [f"localhost:{running.port}", f"127.0.0.1:{running.port}", "127.0.0.1:1"]
    for host in ours:
        text = ask(running, "/api/docs", host).text
        assert [other for other in ours if f"SITE=http://{other}\n" in text] == [host]
