"""What was redacted is found nowhere: on no page, in no answer, frame, export, table, file or cache; also after a
restart, a rebuild, and when it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from marcus_events.postgres.data_directory import DataDirectory
from tests import canary
from tests.canary import CANARY, LOOKS
from tests.intrude.target import Target
from tests.waiting import wait_until


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as running:
        yield running
        running.admin.close()


def positions_of(client: httpx.Client) -> list[int]:
    """The events that hold the canary, and are no audit trail."""
    found = client.get("/api/events", params={"limit": "1000", "q": "-category:audit"}).json()["events"]
    return [event["position"] for event in found if CANARY in str(event)]


def publish_all(target: Target, program: httpx.Client) -> list[int]:
    """And a person answers the last blocker, with the word in the answer."""
    form = {"Content-Type": "application/cloudevents+json"}
    cloud = program.post("/api/events", json=canary.cloud_event(), headers=form)
    assert cloud.status_code == 201, cloud.text
    answer = program.post("/api/events", json=canary.events())
    assert answer.json()["rejected"] == 0, answer.text
    blockers = wait_until(lambda: blockers_of(target))
    path = f"/blocked/{max(blockers)}/"
    assert target.post_form(target.admin, path, {"act": "answer", "answer": CANARY}).status_code in (200, 302)
    wait_until(lambda: "blocker_answered" in kinds(target))
    wait_until(lambda: any(found.endswith(":sent") for found in ids(target)), timeout=180)
    return blockers


def blockers_of(target: Target) -> list[int]:
    found = target.admin.get("/api/blockers?state=all").json()["blockers"]
    return [blocker["blocker_id"] for blocker in found] if len(found) >= 2 else []


def kinds(target: Target) -> set[str]:
    return {event["event_type"] for event in target.admin.get("/api/events?limit=1000").json()["events"]}


def ids(target: Target) -> set[str]:
    return {event["event_id"] for event in target.admin.get("/api/events?limit=1000").json()["events"]}


def redact_all(target: Target, positions: list[int]) -> int:
    """One by command, the others on their pages. The position of the last record."""
    target.manage("redact", str(positions[0]), "--reason", "a secret")
    for position in positions[1:]:
        target.post_form(target.admin, f"/activity/{position}/redact/", {"reason": "a secret", "confirm": position})
    assert positions_of(target.admin) == []
    records = target.admin.get("/api/events?type=event_redacted&limit=1000").json()["events"]
    assert len(records) == len(positions)
    newest = max(event["position"] for event in records)
    wait_until(lambda: target.admin.get("/readyz").status_code == 200)
    return int(newest)


@pytest.fixture
def program(target: Target) -> Iterator[httpx.Client]:
    client = target.token_client()
    yield client
    client.close()


def test_a_redacted_text_is_nowhere(target: Target, program: httpx.Client) -> None:
    conninfo, folder = DataDirectory.under(Path(target.data_dir.name)).conninfo, Path(target.data_dir.name)
    blockers = publish_all(target, program)
    positions = positions_of(target.admin)
    assert len(positions) >= 40
    before = canary.addresses_showing(target.admin, positions[:3], blockers)
    assert {"/", "/history/export/?format=csv-raw", "/api/blockers?state=all", "/agents/?board=vault"} <= before
    assert {"event", "task", "blocker", "agent", "board", "dependency", "search"} <= canary.in_tables(conninfo)

    with ExitStack() as stack:
        pages = [stack.enter_context(target.socket(canary.look(page), client=target.admin)) for page in LOOKS]
        follower = stack.enter_context(target.socket("/ws/events/", client=program))
        assert CANARY in canary.everything(follower)
        record = redact_all(target, positions)
        frames = {page: canary.until_redaction(socket, record) for page, socket in zip(LOOKS, pages, strict=True)}
        assert {page for page, text in frames.items() if CANARY in text} == set()
    with target.socket("/ws/events/", client=program) as follower:
        assert CANARY not in canary.everything(follower)
    nowhere(target, conninfo, positions[::4], blockers)

    again = program.post("/api/events", json=canary.events()).json()
    assert (again["accepted"], again["rejected"]) == (0, 0)
    target.manage("rebuild")
    target.end()
    assert canary.in_files(folder) == set()
    target.start()
    nowhere(target, conninfo, positions[:3], blockers)


def nowhere(target: Target, conninfo: str, positions: list[int], blockers: list[int]) -> None:
    wait_until(lambda: "search" not in canary.in_tables(conninfo))
    assert canary.addresses_showing(target.admin, positions, blockers) == set()
    assert canary.in_tables(conninfo) == set()
    assert canary.in_files(Path(target.data_dir.name)) == set()
