"""`up`: what it says, what it refuses, what it survives, and that nothing of it stays behind."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from marcus_events.management.prepare_database import AS_ROOT
from tests.running_server import Running, free_port
from tests.waiting import wait_until


class New(Running):
    def prepare(self) -> None:
        """Nothing is there before its first start."""


@pytest.fixture(scope="module")
def up() -> Iterator[Running]:
    with New() as running:
        yield running
    assert not processes_of(running)


def processes_of(running: Running) -> list[psutil.Process]:
    """PostgreSQL's and its guard's."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if running.data_dir.name in " ".join(process.info["cmdline"] or [])
    ]


def event(number: int) -> dict[str, Any]:
    return {"event_id": f"evt_{number}", "event_type": "task_progress", "source": "tests", "data": {"n": number}}


def test_it_greets_with_a_link_that_signs_in_once_and_says_nothing_else(up: Running) -> None:
    warning, greeting = "", up.output.read_text()
    if os.geteuid() == 0:
        warning, _, greeting = greeting.partition("\n")
    assert warning == (AS_ROOT if os.geteuid() == 0 else "")
    assert len(greeting.strip().splitlines()) == 6
    link = next(word for word in greeting.split() if "/sign-in/link/" in word)
    with httpx.Client() as browser:
        up.follow_sign_in_link(browser, link)
    assert httpx.get(link).status_code == httpx.codes.GONE


def test_a_taken_port_is_refused_and_no_link_is_printed(up: Running) -> None:
    second = up.run("up")
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr == (
        f"CommandError: Port {up.port} on 127.0.0.1 cannot be used: Address already in use. "
        f"Set PORT or HOST to use another one, such as PORT={up.port + 1}.\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "65536", "PORT must be a number"),
        ("PORT", "http", "PORT must be a number"),
        ("HOST", "192.0.2.1", "192.0.2.1 cannot be used"),
        ("DEMO", "no", "DEMO must be 1 or 0"),
        ("DATABASE_URL", "mysql://root:secret@db/marcus", "DATABASE_URL must have the form postgresql://"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/marcus", "Cannot connect to the database"),
        ("MARCUS_DATA_DIR", __file__, "The data directory"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_word_and_no_traceback(
    up: Running, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setitem(up.environment, "PORT", str(free_port()))
    monkeypatch.setitem(up.environment, name, value)
    refused = up.run("up")
    assert refused.returncode == 1
    assert said in refused.stderr.splitlines()[0]
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
    assert "secret" not in refused.stderr


def test_it_goes_on_when_its_postgresql_is_killed(up: Running) -> None:
    for number in range(3):
        up.publish(event(number))
        os.kill(int(Path(up.data_dir.name, "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        up.publish(event(number))  # waits until it is back, and finds what was committed
    wait_until(lambda: up.answers("/readyz"))
    assert up.published() == 3


def test_it_goes_on_when_its_processes_are_killed(up: Running) -> None:
    before = up.published()
    for killed in up.processes()[1:]:
        killed.kill()
        up.publish(event(10 + killed.pid))  # to a web process, or to the one that is started again
    wait_until(lambda: up.answers("/readyz"))
    wait_until(lambda: httpx.get(f"{up.base_url}/readyz").json()["parts"]["state"]["lag"] == 0)
    assert up.published() == before + 2
    assert len(up.processes()) == 3


def test_a_request_without_a_response_is_refused_when_the_server_stops(up: Running) -> None:
    headers = {"Authorization": f"Bearer {up.create_token('waits')}"}
    wait = "/api/events/wait?type=never&timeout=50"
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(httpx.get, up.base_url + wait, headers=headers, timeout=60) for _ in range(3)]
        wait_until(lambda: "marcus_hub_connections 3.0" in httpx.get(f"{up.base_url}/metrics").text)
        up.end()
        refused = [each.result() for each in waiting]
    up.start()
    assert {each.status_code for each in refused} == {httpx.codes.SERVICE_UNAVAILABLE}
    assert all(each.headers["Retry-After"] == "1" for each in refused)
    assert all("Send the request again" in each.json()["detail"] for each in refused)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_however_it_ends_nothing_stays_behind_and_it_starts_again(up: Running, number: int, code: int) -> None:
    assert up.end(number) == code
    wait_until(lambda: not processes_of(up))
    up.start()
    assert httpx.get(f"{up.base_url}/readyz").json()["parts"]["log"]["ready"]
