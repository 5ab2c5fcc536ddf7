"""A hundred slow and hostile clients of each kind at once, while a program publishes and a person uses a page."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.exceptions import ConnectionClosed

from tests.intrude.attack import attack, check
from tests.intrude.crowd import EACH, KINDS
from tests.intrude.target import TIMEOUT_S, Target, event
from tests.running_server import SOURCES
from tests.waiting import wait_until

NORMAL_S, CROWD_S = 20.0, 25.0  # duration of the measurements before and under attack
GATHERS_S = 3.0  # until all attackers are connected
MOST_TIMES = 3.0  # allowed factor for the 99th percentile of publishing
EVERY_S = 0.02  # interval between events of a busy project
LOOKS_EVERY_S = 0.5


class Bystanders:
    """A publishing program, a person with an open page, and a health check."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.publisher = target.token_client("publish")
        self.failures: list[str] = []
        self.pages: list[float] = []
        self.frames = 0
        self.stop = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=work) for work in (self.watch, self.look, self.follow)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def publish(self, seconds: float) -> list[float]:
        """Return how long each event took."""
        took, ends = [], time.monotonic() + seconds
        while time.monotonic() < ends:
            begun = time.monotonic()
            answer = self.publisher.post("/api/events", json=event())
            took.append(time.monotonic() - begun)
            if answer.status_code != httpx.codes.CREATED:
                self.failures.append(f"publishing was answered with {answer.status_code}")
            time.sleep(EVERY_S)
        return sorted(took)

    def watch(self) -> None:
        """Open a connection per health check, as a supervisor does."""
        while not self.stop.wait(LOOKS_EVERY_S):
            try:
                answer = httpx.get(f"{self.target.base_url}/healthz", timeout=TIMEOUT_S)
                if answer.status_code != httpx.codes.OK:
                    self.failures.append(f"/healthz answered {answer.status_code}")
            except httpx.HTTPError as error:
                self.failures.append(f"/healthz did not answer: {error!r}")

    def look(self) -> None:
        with self.target.client() as person:
            person.cookies = self.target.admin.cookies
            while not self.stop.wait(LOOKS_EVERY_S):
                try:
                    answer = person.get("/")
                    self.pages.append(answer.elapsed.total_seconds())
                    if answer.status_code != httpx.codes.OK:
                        self.failures.append(f"a page was answered with {answer.status_code}")
                except httpx.HTTPError as error:
                    self.failures.append(f"a page was not answered: {error!r}")

    def follow(self) -> None:
        with self.target.socket("/ws/live/?page=now", client=self.target.admin) as page:
            while not self.stop.is_set():
                try:
                    page.recv(timeout=TIMEOUT_S)
                    self.frames += 1
                except (TimeoutError, ConnectionClosed) as error:
                    self.failures.append(f"an open page hears nothing: {error!r}")
                    return


def rank(sorted_times: list[float], percent: int) -> float:
    return sorted_times[min(len(sorted_times) - 1, len(sorted_times) * percent // 100)]


def run_crowd(target: Target, *kinds: str) -> int:
    """Run the crowd as another person, with another token, from other addresses."""
    target.publish(*(event(data={"text": "word " * 300}) for _ in range(500)))
    wait_until(lambda: "shop" in target.admin.get("/api/boards").text)
    _, person = target.person("viewer", ["shop"])
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies.jar)
    person.close()
    bystanders = Bystanders(target)
    with bystanders.going_on():
        bystanders.publish(GATHERS_S)  # the first ones make what is made once
        normal = bystanders.publish(NORMAL_S)
        seconds = GATHERS_S + CROWD_S
        command = [sys.executable, "-m", "tests.intrude.crowd", str(target.port), target.token(), cookies, str(seconds)]
        with subprocess.Popen([*command, *kinds], cwd=SOURCES, env=target.environment) as crowd:
            bystanders.publish(GATHERS_S)
            attacked = bystanders.publish(CROWD_S - 1)
            assert crowd.wait(TIMEOUT_S) == 0, "the crowd failed itself"
    times = rank(attacked, 99) / rank(normal, 99)
    figures = [f"{rank(found, percent) * 1000:.0f}" for found in (normal, attacked) for percent in (50, 99)]
    print("  publishing in ms: p50 {}, p99 {}; with the crowd p50 {}, p99 {}".format(*figures), f"({times:.1f} times)")
    pages = sorted(bystanders.pages)
    print(
        f"  {len(attacked)} published; {len(pages)} pages: half within {rank(pages, 50):.1f} s, all {pages[-1]:.1f} s"
    )
    check(not bystanders.failures, f"{len(bystanders.failures)} failures, such as: {bystanders.failures[:1]}")
    check(times <= MOST_TIMES, f"publishing takes {times:.1f} times as long as normally")
    return EACH * len(kinds or KINDS)


@attack("A hundred clients of each hostile kind at once hold up neither programs nor people", is_long=True)
def everybody_at_once(target: Target) -> int:
    return run_crowd(target)
