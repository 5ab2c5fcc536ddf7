"""An act of a Marcus is in the log once, whether a follower, a proxy or both of them publish it, in any order."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from marcus_events.bus.spool import Spool
from marcus_events.core.event import Event, utc_now
from marcus_events.log import read
from marcus_events.marcus_proxy.act_publisher import FOLLOWER_GRACE, ActPublisher
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.marcus_proxy.json_rpc import ToolRequest
from marcus_events.marcus_proxy.marcus_calls import MarcusCall
from marcus_events.marcus_proxy.proxied_acts import events_of
from tests.sources import conversing as say
from tests.sources.away import database_unavailable
from tests.sources.following import Following, News
from tests.sources.installations import CONVERSATIONS, append
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log", "unreconciled")
AGENT, TASK = "agent_claude_1", "30e349b3032e4f80aa8f6d1cc32a5a3e"
BOARD = "258c2928af0b4b1a8f53c48f8825bdee"  # of the bundled run
ACCEPTED = {"success": True}
SUGGESTIONS = {"root_cause": "Analysis needed"}


class Proxied:
    """A publisher of a proxy's acts, and what it has heard of a follower's."""

    def __init__(self, folder: Path, board: str) -> None:
        self.followed: dict[str, str] = {}
        self.spool = Spool(folder / "acts.db")
        self.publisher = ActPublisher(self.spool, BoardChoice(board), note_followed=self.followed.__setitem__)

    def put(self, tool: str, response: dict[str, Any], **arguments: Any) -> list[Event]:
        """Publish a call that is made now. Return its events."""
        request = ToolRequest(1, tool, {"agent_id": AGENT} | arguments)
        events = events_of(MarcusCall(request, response, utc_now(), utc_now()))
        self.publisher.put(events)
        return events

    def wait(self) -> None:
        wait_until(lambda: not self.publisher.waiting)


@contextmanager
def proxying(folder: Path, board: str) -> Iterator[Proxied]:
    proxied = Proxied(folder, board)
    proxied.publisher.start()
    try:
        yield proxied
    finally:
        proxied.publisher.stop_soon()
        proxied.publisher.stop()
        proxied.spool.close()


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    with proxying(tmp_path / "proxy", BOARD) as proxied:
        yield proxied


# A call through the proxy, and the lines that Marcus writes of it.
ACTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[Any], list[str]]] = {
    "progress": (
        "report_task_progress",
        ACCEPTED,
        {"task_id": TASK, "status": "in_progress", "progress": 50, "message": "Working"},
        [lambda at: say.progress(AGENT, TASK, at), lambda at: say.received(AGENT, at)],
        ["task_progress"],
    ),
    "completion": (
        "report_task_progress",
        ACCEPTED,
        {"task_id": TASK, "status": "completed", "progress": 100.0, "message": "Working"},
        [lambda at: say.completion(AGENT, TASK, at), lambda at: say.closed(AGENT, at)],
        ["task_progress"],
    ),
    "blocker": (
        "report_blocker",
        ACCEPTED | {"suggestions": SUGGESTIONS},
        {"task_id": TASK, "blocker_description": "Which format?", "severity": "high"},
        [
            lambda at: say.blocker(AGENT, TASK, at, "Which format?"),
            lambda at: say.acknowledged(AGENT, at, **SUGGESTIONS),
        ],
        ["task_blocked", "blocker_suggestion"],
    ),
    "request without work": (
        "request_next_task",
        {"success": False, "retry_after_seconds": 30},
        {},
        [lambda at: say.request(AGENT, at), lambda at: say.none_suitable(AGENT, at)],
        ["task_requested"],
    ),
    "refused request": (
        "request_next_task",
        {"success": False, "error": "You already have a task assigned."},
        {},
        [lambda at: say.request(AGENT, at), lambda at: say.denied(AGENT, at)],
        ["task_request_refused"],
    ),
    "registration": (
        "register_agent",
        ACCEPTED,
        {"name": AGENT.title(), "role": "Developer", "skills": ["python"]},
        [lambda at: say.registration(AGENT, at), lambda at: say.welcome(AGENT, at)],
        ["agent_registered"],
    ),
    "refused report": (
        "report_task_progress",
        {"success": False, "message": "The board is locked"},
        {"task_id": TASK, "status": "in_progress", "progress": 50, "message": "Working"},
        [
            lambda at: say.progress(AGENT, TASK, at),
            lambda at: say.failed(
                "report_task_progress",
                at,
                "The board is locked",
                agent_id=AGENT,
                task_id=TASK,
                status="in_progress",
                progress=50,
            ),
        ],
        ["report_refused"],
    ),
}


def write_lines(root: Path, name: str) -> None:
    append(root / CONVERSATIONS, *[line(say.now()) for line in ACTS[name][3]])


def write_other_request(root: Path) -> None:
    other = "agent_claude_2"
    append(root / CONVERSATIONS, say.request(other, say.now()), say.none_suitable(other, say.now()))


def put_call(proxied: Proxied, name: str) -> list[Event]:
    tool, response, arguments, _, types = ACTS[name]
    events = proxied.put(tool, response, **arguments)
    assert [event.event_type for event in events] == types
    return events


def fields(event: Event) -> dict[str, Any]:
    """Return the fields of an event without those that only one of the two can know."""
    unknown = ("task_name", "blocker_event_id", "reason")
    return {name: value for name, value in event.data.items() if name not in unknown}


@pytest.mark.parametrize("name", ACTS)
def test_what_a_proxy_has_published_a_follower_does_not_publish_again(
    following: Following, root: Path, proxied: Proxied, name: str
) -> None:
    news, types = News(), ACTS[name][4]
    put_call(proxied, name)
    told = news.wait(len(types))
    assert [event.event_type for event in told] == types
    write_lines(root, name)
    write_other_request(root)
    assert news.types(1) == ["task_requested"]  # the follower has read that far


@pytest.mark.parametrize("name", ACTS)
def test_what_a_follower_has_published_a_proxy_does_not_publish_again(
    following: Following, root: Path, proxied: Proxied, name: str
) -> None:
    news, types = News(), ACTS[name][4]
    write_lines(root, name)
    told = news.wait(len(types))
    own = put_call(proxied, name)
    proxied.wait()
    assert read.head().position == told[-1].position
    assert [(event.source, fields(event)) for event in own] == [(one.source, fields(one.event)) for one in told]
    assert list(proxied.followed.values()) == [event.event.event_id for event in told]


def test_acts_that_look_the_same_are_told_as_often_as_they_happened(
    following: Following, root: Path, proxied: Proxied
) -> None:
    news = News()
    for _ in range(5):
        put_call(proxied, "request without work")
        write_lines(root, "request without work")
    proxied.wait()
    write_other_request(root)
    wait_until(lambda: "agent_claude_2" in [event.agent_id for event in read.following(news.position, 1_000)])
    assert Counter(event.agent_id for event in read.following(news.position, 1_000)) == {AGENT: 5, "agent_claude_2": 1}


def test_with_both_at_the_same_time_each_act_is_in_the_log_once(
    following: Following, root: Path, proxied: Proxied
) -> None:
    news, percents = News(), range(1, 41)

    def follow() -> None:
        for percent in percents:
            append(
                root / CONVERSATIONS,
                say.progress(AGENT, TASK, say.now(), percent),
                say.received(AGENT, say.now(), percent),
            )

    writing = threading.Thread(target=follow)
    writing.start()
    for percent in percents:
        about = {"task_id": TASK, "status": "in_progress", "progress": percent, "message": "Working"}
        proxied.put("report_task_progress", ACCEPTED, **about)
    writing.join()
    proxied.wait()
    append(root / CONVERSATIONS, say.request(AGENT, say.now()), say.none_suitable(AGENT, say.now()))
    wait_until(lambda: "task_requested" in [event.event_type for event in read.following(news.position, 1_000)])
    told = read.following(news.position, 1_000)
    assert sorted(event.data["progress"] for event in told if event.event_type == "task_progress") == list(percents)


def test_what_happens_while_the_database_is_away_is_published_when_it_is_back(proxied: Proxied) -> None:
    news = News()
    with database_unavailable():
        put_call(proxied, "blocker")
        put_call(proxied, "progress")
        assert proxied.publisher.waiting == 3
    assert news.types(3) == ["task_blocked", "blocker_suggestion", "task_progress"]
    proxied.wait()


def test_what_a_killed_proxy_has_not_published_the_next_one_publishes(tmp_path: Path) -> None:
    first = Proxied(tmp_path, BOARD)  # its thread never runs
    put_call(first, "blocker")
    first.spool.close()
    news = News()
    with proxying(tmp_path, BOARD):
        reported, suggestion = news.wait(2)
    assert suggestion.data["blocker_event_id"] == reported.event.event_id


def test_without_a_follower_and_a_named_board_an_act_waits_for_a_follower_and_is_then_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    news = News()
    with proxying(tmp_path, "") as proxied:
        put_call(proxied, "progress")
        put_call(proxied, "registration")
        first, second = news.wait(2)
    assert first.recorded_at - first.event.timestamp >= FOLLOWER_GRACE
    assert [event.event_type for event in (first, second)] == ["task_progress", "agent_registered"]
    assert "board_id" not in first.metadata
    assert "Name the board with --board" in caplog.text


def test_calls_of_other_tools_and_of_nobody_have_no_event(proxied: Proxied) -> None:
    assert proxied.put("get_task_context", ACCEPTED, task_id=TASK) == []
    request = ToolRequest(1, "request_next_task", json.loads('{"agent_id": 7}'))
    assert events_of(MarcusCall(request, ACCEPTED, utc_now(), utc_now())) == []
