"""Attacks on redacted events and on the marks of redactions."""

from __future__ import annotations

import uuid
from typing import Any

from tests import canary
from tests.canary import CANARY
from tests.intrude.attack import attack, check
from tests.intrude.target import Target, event
from tests.waiting import wait_until


def publish_secrets(target: Target) -> list[int]:
    """Publish three events with the word in every field."""
    named = uuid.uuid4().hex[:8]
    stated = [canary.make_event(name, named) for name in ("agent_registered", "task_created", "task_blocked")]
    with target.token_client() as program:
        answer = program.post("/api/events", json=stated).json()
    wait_until(lambda: CANARY in target.admin.get("/api/blockers").text)
    return [found["position"] for found in answer["results"]]


def redact(target: Target, positions: list[int]) -> int:
    for position in positions:
        target.post_form(target.admin, f"/activity/{position}/redact/", {"reason": "a secret", "confirm": position})
    records = target.admin.get("/api/events?type=event_redacted&limit=1000").json()["events"]
    return int(max(found["position"] for found in records))


@attack("A redacted text is found on no page, in no answer, export or frame")
def search_everywhere(target: Target) -> int:
    positions = publish_secrets(target)
    looks = ("now", "board", "activity", "blocked", "task")
    pages = {name: target.socket(canary.look(name), client=target.admin) for name in looks}
    check(canary.shows(target.admin, "/history/export/?format=jsonl"), "the word was never there")
    record = redact(target, positions)
    for name, socket in pages.items():
        with socket:
            check(CANARY not in canary.until_redaction(socket, record), f"a frame of the page {name} shows it")
    asked = list(canary.addresses(positions, positions[-1:]))
    for address in asked:
        if "sign-out" not in address:
            check(not canary.shows(target.admin, address), f"{address} shows it")
    with target.token_client("read") as program, target.socket("/ws/events/", client=program) as socket:
        check(CANARY not in canary.everything(socket), "the socket for programs sends it")
    return len(asked) + len(pages) + 1


@attack("A redacted event that is sent again does not come back, nor does another body under its id")
def send_again(target: Target) -> int:
    named = uuid.uuid4().hex[:8]
    first = canary.make_event("decision_logged", named)
    other = first | {"data": {"what": f"{CANARY} once more"}}
    with target.token_client() as program:
        position = program.post("/api/events", json=first).json()["results"][0]["position"]
        redact(target, [position])
        for stated in (first, other):
            program.post("/api/events", json=stated)
            check(CANARY not in program.get(f"/api/events/{position}").text, "the text came back")
            check(CANARY not in program.get("/api/events?limit=1000").text, "the text came back elsewhere")
    return 2


@attack("The marks of a redaction, published by a program, neither reload pages nor change what others have said")
def forge_marks(target: Target) -> int:
    with target.token_client() as program:
        honest = event("task_blocked", board="forged", data={"task_id": "f-1", "description": "No key"})
        position = program.post("/api/events", json=honest).json()["results"][0]["position"]
        marks: dict[str, Any] = {"redacted": True, "by": "admin", "at": "2026-05-04T09:00:00+00:00", "reason": "x"}
        forged = [
            event("event_redacted", board="", source="user:admin", data={"position": position, "by": "admin"}),
            event(board="forged", data=marks | {"task_id": "f-1"}, metadata={"effect": {"status": "completed"}}),
        ]
        with target.socket("/ws/live/?page=activity", client=target.admin) as page:
            before = newest_redaction(str(page.recv(timeout=30)))
            for stated in forged:
                program.post("/api/events", json=stated)
            head = program.get("/api/events?limit=1").json()["head"]
            frame = ""
            while f'data-head="{head}"' not in frame:
                frame = str(page.recv(timeout=30))
            check(newest_redaction(frame) == before, "a program makes every page load itself anew")
        check("No key" in program.get(f"/api/events/{position}").text, "a program has redacted an event")
    return len(forged)


def newest_redaction(frame: str) -> str:
    return frame.partition('data-redaction="')[2].partition('"')[0]
