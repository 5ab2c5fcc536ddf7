"""A real Marcus, a proxy in front of it, a follower beside it, agents that ask about every task, and a person."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.mcp.board import reader
from tests.running_server import ENDS_WITHIN, Running, free_port
from tests.sources.installations import read_once, rows_of
from tests.sources.live.browser_person import BrowserPerson, answer_to
from tests.sources.live.marcus import COMMAND, SCRIPTS, LiveMarcus
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not COMMAND, reason="MARCUS_TEST_LIVE names no command that starts a Marcus")
END_WITHIN_S = 1200
KILLS = 20  # the last two of Marcus
PROXIED = {
    "agent_registered",
    "task_requested",
    "task_request_refused",
    "task_assigned",
    "task_progress",
    "task_blocked",
    "blocker_suggestion",
    "report_refused",
}


class Scene:
    """The processes of a test: each may be killed, and is started again."""

    def __init__(self, folder: Path, running: Running, how: str) -> None:
        self.running, self.how = running, how
        self.marcus = LiveMarcus(folder)
        self.port = free_port()
        self.commands: dict[str, subprocess.Popen[bytes]] = {}
        self.told = folder / "agents.out"
        self.agents: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start_command(self, name: str, *arguments: str) -> None:
        self.commands[name] = self.running.start_command(*arguments)

    def start_proxy(self) -> None:
        self.start_command("proxy", "marcus_proxy", self.marcus.url, "--port", str(self.port))
        wait_until(lambda: self.commands["proxy"].poll() is not None or is_open(self.url), timeout=ENDS_WITHIN)

    def start_follower(self) -> None:
        self.start_command("follower", "follow", str(self.marcus.root))

    def start_agent(self, number: int) -> subprocess.Popen[bytes]:
        python = str(self.marcus.root / "venv/bin/python")
        command = [python, str(SCRIPTS / "proxied_agents.py"), self.url, f"agent_{number}", "1", self.how]
        with self.told.open("ab") as out, (self.marcus.root / "agents.err").open("ab") as err:
            return subprocess.Popen(command, cwd=self.marcus.root, stdout=out, stderr=err, stdin=subprocess.DEVNULL)

    def kill(self, victim: str, chance: random.Random) -> None:
        """Kill one of the processes, and start it again."""
        print("killing the", victim, flush=True)
        if victim == "proxy":
            self.commands["proxy"].kill()
            self.commands["proxy"].wait()
            self.start_proxy()
        elif victim == "web":
            self.running.processes()[1].kill()
            wait_until(self.running.answers, timeout=ENDS_WITHIN)
        elif victim == "marcus":
            os.kill(int((self.marcus.root / "marcus.pid").read_text()), signal.SIGKILL)
            self.marcus.start()
        else:
            number = chance.randrange(len(self.agents))
            self.agents[number].kill()
            self.agents[number].wait()
            self.agents[number] = self.start_agent(number)

    def end(self) -> None:
        for process in [*self.agents, *self.commands.values()]:
            if process.poll() is None:
                process.terminate()
                process.wait(ENDS_WITHIN)
        with suppress(FileNotFoundError, ProcessLookupError):
            self.marcus.stop()

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.read_text().splitlines()]


def is_open(url: str) -> bool:
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


class Person:
    """Replies to every blocker on its page, until the end."""

    def __init__(self, running: Running) -> None:
        self.running, self.stop, self.replied = running, threading.Event(), set[int]()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {reader(self.running)}"}
        with httpx.Client(base_url=self.running.base_url, follow_redirects=True, timeout=60) as page:
            self.running.sign_in_client(page)
            while not self.stop.wait(0.2):
                with suppress(httpx.HTTPError):
                    found = page.get("/api/blockers", headers=headers).json()["blockers"]
                    for blocker in found:
                        if blocker["blocker_id"] not in self.replied:
                            self._reply(page, blocker)

    def _reply(self, page: httpx.Client, blocker: dict[str, Any]) -> None:
        form = {"act": "answer", "answer": answer_to(blocker["description"])}
        form["csrfmiddlewaretoken"] = page.cookies["csrftoken"]
        page.post(f"/blocked/{blocker['blocker_id']}/", data=form).raise_for_status()
        self.replied.add(blocker["blocker_id"])


@contextmanager
def person(running: Running) -> Iterator[Person]:
    """Somebody who replies over HTTP, and goes on whatever is killed."""
    person = Person(running)
    person.thread.start()
    try:
        yield person
    finally:
        person.stop.set()
        person.thread.join()


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with Running() as running:
        scene = Scene(tmp_path, running, request.param)
        scene.marcus.start()
        try:
            yield scene
        finally:
            scene.end()


def statuses(root: Path) -> Counter[str]:
    return Counter(row[0] for row in rows_of(root / "data/kanban.db", "SELECT status FROM tasks"))


def log_of(running: Running, query: str = "") -> list[dict[str, Any]]:
    """Return all events of the log, oldest first."""
    headers, found, after = {"Authorization": f"Bearer {reader(running)}"}, [], 0
    while True:
        page = httpx.get(
            f"{running.base_url}/api/events",
            params={"after": after, "limit": 500, "q": query},
            headers=headers,
            timeout=60,
        ).json()["events"]
        found += page
        if not page:
            return found
        after = page[-1]["position"]


def blockers_in(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["blocker_event_id"] for event in events]


def history_of(running: Running, blocker: str) -> list[str]:
    """Return what happened to the task of a blocker, for a failure's message."""
    events = log_of(running)
    task = next(event["data"]["task_id"] for event in events if event["event_id"] == blocker)
    about = [event for event in events if event["data"].get("task_id") == task]
    return [f"{event['recorded_at']} {event['event_type']} {event['event_id']} {event['data']}" for event in about]


def acts_in(events: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter(
        (event["event_type"], event["metadata"]["act"]) for event in events if event["event_type"] in PROXIED
    )


def victims(kills: int, chance: random.Random) -> list[str]:
    others = [("proxy", "web", "agent")[number % 3] for number in range(kills - 2)]
    chance.shuffle(others)
    return [*others, "marcus", "marcus"] if kills else []


@pytest.mark.parametrize(
    ("scene", "kills"), [("wait", 0), ("move", 0), ("wait", KILLS), ("move", KILLS)], indirect=["scene"]
)
def test_every_agent_gets_the_right_answers_and_every_task_is_done(scene: Scene, kills: int) -> None:
    chance, root = random.Random(7), scene.marcus.root  # noqa: S311 - which process is killed
    scene.marcus.seed()
    scene.start_proxy()
    scene.start_follower()
    with person(scene.running) if kills else BrowserPerson(scene.running) as somebody:
        scene.agents = [scene.start_agent(number) for number in range(3)]
        for victim in victims(kills, chance):
            with suppress(subprocess.TimeoutExpired):
                scene.agents[0].wait(chance.uniform(6, 12))
            scene.kill(victim, chance)
        for agent in scene.agents:
            agent.wait(END_WITHIN_S)
    # A Marcus that is killed forgets what it gave out, and gives out little after that.
    assert set(statuses(root)) == {"done"} if not kills else "blocked" not in statuses(root)
    told = scene.answers()
    assert len(told) >= (KILLS // 3 if kills else 45)
    for answer in told:
        assert answer["answer"] == answer_to(answer["question"])
    sent = blockers_in(log_of(scene.running, "type:blocker_resolved -source:marcus"))
    received = blockers_in(log_of(scene.running, "type:answer_seen"))
    assert sorted(sent) == sorted(received), [history_of(scene.running, each) for each in set(sent) ^ set(received)]
    as_followed = read_once(root)
    expected = acts_in([event.to_dict() for event in as_followed])

    def differing() -> Counter[tuple[str, str]]:
        found = acts_in(log_of(scene.running))
        return (found - expected) + (expected - found)

    wait_until(lambda: not differing(), timeout=ENDS_WITHIN)
    if isinstance(somebody, BrowserPerson):
        shown = somebody.seen_at
        print(f"{len(told)} answers")
        events = log_of(scene.running, "type:task_blocked")
        stored = {event["data"]["description"]: unix(event["recorded_at"]) for event in reversed(events)}
        asked = [answer for answer in told if answer["reported_at"]]
        report("reported to in the log", [stored[each["question"]] - each["reported_at"] for each in asked])
        report("in the log to on screen", [shown[each["question"]] - stored[each["question"]] for each in asked])
        report("reported to on screen", [shown[each["question"]] - each["reported_at"] for each in asked])
        report("sent to received", [answer["received_at"] - unix(answer["answered_at"]) for answer in told])


def unix(stated: str) -> float:
    return datetime.fromisoformat(stated).timestamp()


def report(what: str, seconds: list[float]) -> None:
    found = sorted(seconds)
    median, late = found[len(found) // 2], found[int(len(found) * 0.95)]
    print(f"{what}: median {median * 1000:.0f} ms, 95th percentile {late * 1000:.0f} ms")
