"""Attacks with wrong clocks: tasks that never change again, pages that show the future."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.intrude.attack import attack, check
from tests.intrude.target import Target, event, found
from tests.waiting import wait_until

FAR = "2199-12-31T23:59:59Z"
FLOOD = 2_000  # events of the future
MAX_BATCH = 500  # events in a request


def now(ahead: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + ahead).isoformat()


def make_event(board: str, event_type: str, at: str, **data: Any) -> dict[str, Any]:
    stated = {"task_id": "t1", "agent_id": "agent_1"} | data
    return event(event_type, board=board, timestamp=at, data=stated)


def publish(program: httpx.Client, *events: dict[str, Any]) -> None:
    for batch in batched(events):
        answer = program.post("/api/events", json=batch)
        check(answer.status_code == httpx.codes.CREATED, f"the events were refused: {answer.text[:200]}")


def batched(events: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [list(events[n : n + MAX_BATCH]) for n in range(0, len(events), MAX_BATCH)]


def task(program: httpx.Client, board: str) -> dict[str, Any]:
    [only] = program.get("/api/tasks", params={"board": board}).json()["tasks"]
    return dict(only)


def wait_for_projections(program: httpx.Client, board: str) -> None:
    """Return when all of the board's events are projected."""
    name = f"agent_{uuid.uuid4().hex}"
    publish(program, event("agent_registered", board=board, source=name))
    wait_until(lambda: name in program.get("/api/agents", params={"board": board}).text)
    wait_until(lambda: lags(program) == {0})  # counters are another projection, after the agents


def lags(program: httpx.Client) -> set[int]:
    """Return how far the projections are behind the log."""
    return {part["lag"] for part in program.get("/readyz").json()["parts"].values() if "lag" in part}


@attack("A task that is completed, blocked or assigned in 2199 moves on with the next event")
def freeze_a_task(target: Target) -> int:
    types = ("task_completed", "task_blocked", "task_assigned", "task_started")
    with target.token_client() as program:
        for event_type in types:
            board = f"frozen-{event_type}"
            publish(program, make_event(board, event_type, FAR))
            publish(program, make_event(board, "task_started", now()), make_event(board, "task_completed", now()))
            publish(program, make_event(board, "task_started", now()))
            wait_for_projections(program, board)
            as_told = task(program, board)
            check(as_told["status"] == "in_progress", f"after {event_type} in 2199 the task stays {as_told['status']}")
            check(as_told["since"] < now(), f"the task is said to be as it is since {as_told['since']}")
    return len(types)


@attack("A blocker reported by a clock that is ahead is resolved by the answer that follows")
def swallow_an_answer(target: Target) -> int:
    skews = (timedelta(seconds=2), timedelta(hours=3), timedelta(days=365))
    with target.token_client() as program:
        for skew in skews:
            board = f"skew-{skew.days}-{skew.seconds}"
            publish(program, make_event(board, "task_blocked", now(skew), description="No key"))
            publish(program, make_event(board, "blocker_resolved", now(), resolution="Here it is"))
            wait_for_projections(program, board)
            left = program.get("/api/blockers", params={"board": board}).json()["blockers"]
            check(not left, f"the answer to a blocker at now + {skew} is lost")
            check(task(program, board)["status"] == "in_progress", f"the task stays blocked at now + {skew}")
    return len(skews)


@attack("A flood of events of the future leaves the last hours, the histogram and Now as they are")
def flood_with_the_future(target: Target) -> int:
    with target.token_client() as program:
        old = make_event("flood", "task_progress", now(timedelta(hours=-5)), progress=1)
        publish(program, *[make_event("flood", "decision_logged", FAR, what=f"{n}") for n in range(FLOOD // 2)])
        publish(
            program,
            *[make_event("flood", "task_progress", now(timedelta(n + 1)), progress=2) for n in range(FLOOD // 2)],
        )
        publish(program, old, make_event("flood", "task_progress", now(), progress=3))
        wait_for_projections(program, "flood")
        counted = program.get("/api/counters", params={"board": "flood"}).json()
        check(sum(minute["count"] for minute in counted["series"]) > FLOOD, "the minutes up to now miss the flood")
        ahead = program.get("/api/events", params={"board": "flood", "since": now(timedelta(minutes=10))}).json()
        check(not ahead["events"], "events are found that are yet to come")
        past = program.get("/api/events", params={"board": "flood", "until": now(timedelta(hours=-2))}).json()
        check(
            len(past["events"]) == 1, f"{len(past['events'])} events instead of one are found before the last two hours"
        )
        newest = program.get("/api/events", params={"board": "flood", "q": "since:2h type:decision_logged"}).json()
        check(newest["events"][0]["clock_ahead_s"] > 3_600, "the API does not say that the clock was ahead")
    pages = (
        "/",
        "/boards/flood/",
        "/activity/?board=flood&q=since:2h",
        "/history/?q=board:flood",
        "/blocked/",
        "/agents/",
    )
    for path in pages:
        answer = target.admin.get(path)
        check(answer.status_code == httpx.codes.OK, f"{path} answers {answer.status_code}")
        shown = re.sub(r'<li class="row".*?</li>|<td class="found-time">.*?</td>', "", answer.text, flags=re.DOTALL)
        check("2199" not in shown, f"{path} shows the year 2199 elsewhere than with the events")
    check(
        "clock ahead by" in target.admin.get("/activity/?board=flood&q=since:2h").text, "nothing says whose clock it is"
    )
    check("agent_1" in target.admin.get("/integrations/").text, "Integrations does not name the source")
    return FLOOD + len(pages) + 4


@attack("Events of the years 1, 1969, 2200 and 9999 are refused with a reason")
def leave_time(target: Target) -> int:
    times = ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    with target.token_client() as program:
        for time in times:
            answer = program.post("/api/events", json=make_event("lost", "task_started", time))
            check(answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, f"{time} is answered {answer.status_code}")
            check("/timestamp" in answer.text, f"the answer to {time} does not say what is wrong")
    return len(times)


@attack("A heartbeat of 2199 is a sign of life of the moment it came, and of no later one")
def live_for_ever(target: Target) -> int:
    with target.token_client() as program:
        publish(program, make_event("dead", "task_started", now(timedelta(hours=-2)), agent_id="agent_dead"))
        publish(program, make_event("dead", "context_requested", FAR, agent_id="agent_dead"))
        wait_for_projections(program, "dead")
        first = sign_of_life(target)
        wait_for_projections(program, "dead")
        check(sign_of_life(target) == first, "the agent seems to have just lived, whenever somebody looks")
    check(first < now(), f"the agent is said to live in {first}")
    return 1


def sign_of_life(target: Target) -> str:
    page = target.admin.get("/agents/?board=dead&agent=agent_dead").text
    return found(r'<dt>Last seen</dt> <dd><time datetime="([^"]+)', page)
