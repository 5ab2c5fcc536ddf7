"""While tables or search are too far behind the log, programs are told to come again, and people are not."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.blockers import actions
from marcus_events.core.event_types import EventTypes
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.log import read
from marcus_events.models import Blocker, RefusedRequest
from marcus_events.projections import PROJECTIONS, catch_up
from tests.api.program import Program, assert_problem, event
from tests.lagging import age_events
from tests.waiting import wait_until

CLOUDEVENT = {"specversion": "1.0", "id": "c1", "source": "agent_1", "type": "task_started", "data": {}}


@pytest.fixture(autouse=True)
def bound(settings: Settings) -> None:
    settings.MAX_LAG = 30


@pytest.fixture
def lagging(program: Program) -> Program:
    program.publish(event("task_blocked", "stuck", task_id="t1", description="Which key?"))
    program.post(event(event_id="outstanding"))
    age_events(40)
    wait_until(lambda: program.post(event(event_id="outstanding")).status_code == 429)
    return program


def assert_slowed(response: Any) -> None:
    body = assert_problem(response, 429, "Nothing was stored. Tables or search are 4")
    assert body["limit"] == "lag"
    assert body["detail"].endswith("publishing waits when they are 30 s behind. Try again after 5 s.")
    assert response["Retry-After"] == "5"


def test_every_way_to_publish_over_http_is_slowed_and_nothing_is_stored(lagging: Program) -> None:
    binary = {"Ce-Specversion": "1.0", "Ce-Id": "c2", "Ce-Source": "agent_1", "Ce-Type": "task_started"}
    for response in (
        lagging.post(event()),
        lagging.post([event(), event()]),
        lagging.post(CLOUDEVENT, "application/cloudevents+json"),
        lagging.post([CLOUDEVENT], "application/cloudevents-batch+json"),
        lagging.post({}, **binary),
    ):
        assert_slowed(response)
    assert read.head().position == 2


def test_what_was_refused_is_taken_when_the_tables_have_caught_up(lagging: Program) -> None:
    refused = event(event_id="refused")
    assert_slowed(lagging.post(refused))
    catch_up(PROJECTIONS)
    wait_until(lambda: lagging.post(refused).status_code == 201)
    assert lagging.post(refused).json()["results"][0]["status"] == "duplicate"
    assert lagging.post(event(event_id="outstanding")).json()["results"][0]["position"] == 2


def test_reading_goes_on_and_the_lag_is_in_the_metrics(lagging: Program) -> None:
    assert len(lagging.read("/api/events")["events"]) == 2
    assert lagging.read("/api/tasks")["tasks"]
    lines = lagging.get("/metrics").content.decode().splitlines()
    found = {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("marcus_projection_lag_s")}
    assert all(
        40 <= found[f'marcus_projection_lag_seconds{{projection="{name}"}}'] < 100 for name in ("state", "search")
    )


def test_refused_requests_are_counted_with_their_reason(lagging: Program) -> None:
    for _ in range(3):
        lagging.post(event())
    REJECTED_REQUESTS.stop()
    [row] = RefusedRequest.objects.all()
    assert (row.status, row.path) == (429, "/api/events")
    assert row.count >= 4
    assert row.reason == "Tables or search are too far behind the log: publishing waits when they are 30 s behind."


def test_who_may_not_publish_is_told_that(lagging: Program) -> None:
    assert_problem(Program(None).post(event()), 401, "Send a token")
    assert_problem(Program(tokens.create("reader", ["read"])).post(event()), 403, "no publish permission")


def test_what_people_do_and_the_audit_trail_are_never_slowed(lagging: Program) -> None:
    actions.acknowledge(list(Blocker.objects.now()), "ada")
    audit.record(EventTypes.USER_SIGNED_IN, "ada", "192.0.2.7")
    assert [found.event_type for found in read.following(2, 10)] == [
        EventTypes.BLOCKER_ACKNOWLEDGED,
        EventTypes.USER_SIGNED_IN,
    ]
    assert_slowed(lagging.post(event()))
