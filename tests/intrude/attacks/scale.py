"""Attacks that create so many removals, boards, agents or types that pages break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.intrude.attack import attack, check
from tests.intrude.target import TIMEOUT_S, Target, event
from tests.waiting import wait_until

REMOVALS, INVENTED, AT_ONCE = 7_000, 3_000, 500
MOST_BYTES = 250_000  # of a page
BOUNDED = [
    *("/", "/boards/", "/boards/?p=2", "/activity/", "/blocked/", "/agents/", "/history/", "/alerts/"),
    *("/integrations/", "/people/", "/boards/made-up-7/", "/?board=made-up-7"),
]
LATE = "takes too long"


@attack("7,000 removals of boards that never were leave the front page as it is", is_long=True)
def remove_what_never_was(target: Target) -> int:
    check_page(target, "/")
    with target.token_client() as program:
        for batch in in_batches([removal(n) for n in range(REMOVALS - 200)]):
            program.post("/api/events", json=batch)
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        program.post("/api/events", content=json.dumps([as_cloudevent(n) for n in range(100)]), headers=headers)
        with target.socket("/ws/events/", client=program) as socket:
            for n in range(100):
                socket.send(json.dumps({"action": "publish", "id": f"{n}", "event": removal(f"socket-{n}")}))
                socket.recv(timeout=TIMEOUT_S)
    wait_for_projections(target, "after-removals")
    for path in ("/", "/activity/", "/history/"):
        check_page(target, path)
    return REMOVALS


@attack("3,000 boards, agents and types that a token makes up leave every page small", is_long=True)
def invent(target: Target) -> int:
    with target.token_client() as program:
        for batch in in_batches([invented(n) for n in range(INVENTED)]):
            answer = program.post("/api/events", json=batch)
            check(answer.status_code == httpx.codes.CREATED, f"{answer.status_code}: nothing was tried")
    wait_for_projections(target, "after-inventing")
    for path in BOUNDED:
        check_page(target, path)
    return INVENTED


def removal(n: object) -> dict[str, Any]:
    return event("board_removed", board=f"never-{n}")


def invented(n: int) -> dict[str, Any]:
    return event(f"type_{n}", board=f"made-up-{n}", source=f"source_{n}", data={"agent_id": f"agent_{n}"}) | (
        {"event_type": "task_blocked", "data": {"task_id": "t", "agent_id": f"agent_{n}", "description": f"No key {n}"}}
        if n % 3 == 0
        else {}
    )


def as_cloudevent(n: int) -> dict[str, Any]:
    about = {"specversion": "1.0", "id": f"removal-{n}", "source": "agent_1", "type": "board_removed"}
    return about | {"boardid": f"never-cloud-{n}", "data": {}}


def in_batches(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    return (events[n : n + AT_ONCE] for n in range(0, len(events), AT_ONCE))


def wait_for_projections(target: Target, board: str) -> None:
    """Return when what was published has reached the pages."""
    target.publish(event("project_created", board=board, data={"project_name": board}))
    wait_until(lambda: target.admin.get(f"/boards/{board}/").status_code == httpx.codes.OK, timeout=120)


def check_page(target: Target, path: str) -> None:
    answer = target.admin.get(path)
    check(answer.status_code == httpx.codes.OK, f"{path} answers {answer.status_code}")
    check(len(answer.content) <= MOST_BYTES, f"{path} has {len(answer.content):,} bytes")
    check(LATE not in answer.text, f"a part of {path} cannot be read in time")
