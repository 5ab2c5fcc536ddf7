"""Each nasty payload is refused with its place and limit, or read back equal; and what was stored can be shown."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from marcus_events.core.event_types import canonical
from marcus_events.log import read
from tests.api.nasty import REFUSED, TAKEN, Refusal, event, raw
from tests.api.program import Program, assert_problem

SENT_BACK = ("event_id", "source", "data")
PAGES = ("/", "/activity/", "/blocked/", "/boards/", "/?board=nowhere", "/activity/?q=%22x%22")


def test_it_is_refused_with_its_place_and_its_limit(program: Program) -> None:
    for name, refusal in REFUSED.items():
        assert_refused(name, program.post(refusal[0]), refusal)
    assert read.head().position == 0


def assert_refused(name: str, response: Any, refusal: Refusal) -> None:
    _, status, place, limit = refusal
    problem = assert_problem(response, status, "" if place.startswith("/") else place)
    result: dict[str, Any] = problem["results"][0] if "results" in problem else problem
    assert result.get("limit") == limit, name
    if place.startswith("/"):
        assert result["pointer"].startswith(place), name
        assert result["error"].startswith(result["pointer"] + ": "), name


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "gzip, identity"])
def test_a_compressed_body_is_refused(program: Program, encoding: str) -> None:
    body = gzip.compress(json.dumps(event()).encode())
    problem = assert_problem(program.post(body, **{"Content-Encoding": encoding}), 415, "Send the body uncompressed")
    assert problem["limit"] == "compression"


def test_of_a_key_that_stands_twice_the_last_counts_at_every_depth(program: Program) -> None:
    assert program.post(raw('1, "b": {"c": 1, "c": 2}, "a": 3')).status_code == 201
    assert program.read("/api/events/1")["data"] == {"a": 3, "b": {"c": 2}}


@pytest.fixture
def stored(program: Program) -> Program:
    """Each of them, published alone, and under an id of its own where it says none."""
    for n, (name, stated) in enumerate(TAKEN.items(), start=1):
        response = program.post(event_sent(name, stated))
        assert response.status_code == 201, (name, response.content)
        assert response.json()["results"][0]["position"] == n, name
    program.publish(event())
    return program


def event_sent(name: str, stated: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": name} | stated


def assert_read_back(name: str, stated: dict[str, Any], found: dict[str, Any]) -> None:
    sent = event_sent(name, stated)
    assert {key: found[key] for key in SENT_BACK} == {key: sent[key] for key in SENT_BACK}, name
    metadata = dict(sent.get("metadata", {})) | ({"extra": {"field": sent["field"]}} if "field" in sent else {})
    original = {} if canonical(sent["event_type"]) == sent["event_type"] else {"original_type": sent["event_type"]}
    assert found["metadata"] == metadata | original, name


def test_what_is_taken_is_read_back_equal_and_shown(stored: Program) -> None:
    for position, (name, stated) in enumerate(TAKEN.items(), start=1):
        assert_read_back(name, stated, stored.read(f"/api/events/{position}"))
    assert [found["position"] for found in pages(stored)] == list(range(1, len(TAKEN) + 2))
    assert [found["marcusposition"] for found in cloudevents(stored)] == list(range(1, len(TAKEN) + 2))
    for path in ("boards", "tasks", "blockers", "agents", "counters"):
        stored.read(f"/api/{path}")
    shown(len(TAKEN) + 1)


def pages(program: Program) -> list[dict[str, Any]]:
    """The whole log, page by page."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = program.read("/api/events", after=after, limit=50)
        found, after = found + page["events"], page["next"]
    return found


def cloudevents(program: Program) -> list[dict[str, Any]]:
    response = program.client.get(
        "/api/events?order=asc&limit=1000",
        headers=program.headers | {"Accept": "application/cloudevents-batch+json"},
    )
    return [json.loads(json.dumps(found)) for found in response.json()]


def shown(last: int) -> None:
    viewer = Client()
    viewer.force_login(get_user_model()._default_manager.create_superuser(username="ann"))
    for path in (*PAGES, *(f"/activity/{position}/" for position in range(1, last + 1))):
        assert viewer.get(path).status_code == 200, path
    for address in boards(viewer):
        assert viewer.get(address).status_code == 200, address


def boards(viewer: Client) -> list[str]:
    from tests.dashboard.reading import open_page

    leads = open_page(viewer, "/boards/").leads()
    return [lead for lead in dict.fromkeys(leads) if lead.startswith("/boards/") and len(lead) > len("/boards/")]
