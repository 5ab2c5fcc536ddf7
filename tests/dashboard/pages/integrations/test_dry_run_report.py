"""The check tells what would become of a pasted event, with the API's own reasons, and stores nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dashboard.pages.integrations.dry_run_report import MAX_SHOWN
from marcus_events.access import tokens
from marcus_events.log import read
from marcus_events.models import LoggedEvent
from tests.api.program import Program
from tests.dashboard.publishing import project, publish
from tests.dashboard.reading import Document

CHECK = "/integrations/check/"
HTMX = {"HX-Request": "true"}
EVENT = {"event_type": "task_started", "source": "agent_claude_2", "data": {"task_id": "shop-2"}}


def check(client: Client, stated: object) -> str:
    """What the page says of an event, in words between single spaces."""
    return check_text(client, json.dumps(stated))


def check_text(client: Client, text: str) -> str:
    response = client.post(CHECK, {"event": text}, headers=HTMX)
    assert response.status_code == 200
    return " ".join(Document(response.content.decode().replace("<", " <")).text.split())


def test_a_good_event_is_told_as_the_dashboard_would(viewer: Client) -> None:
    publish(*project())
    head = read.head().position
    told = check(viewer, EVENT | {"event_type": "blocker_reported", "metadata": {"board_id": "shop"}, "team": "red"})
    assert told.startswith("This event would be accepted Claude 2 is blocked on Build shop-2")
    assert "Type task_blocked sent as blocker_reported" in told
    assert "Category task, high importance" in told
    assert "Board The shop shop Task Build shop-2 shop-2 Agent Claude 2 agent_claude_2" in told
    assert 'Unknown fields, stored as extra in the metadata { "team": "red" }' in told
    assert read.head().position == head == LoggedEvent.objects.count()


def test_what_an_event_does_not_say_is_told_too(viewer: Client) -> None:
    told = check(viewer, {"event_type": "deploy_finished", "source": "ci"})
    assert "Deploy finished Type deploy_finished not a documented type" in told
    assert "Board none given" in told
    assert "Task none Agent none" in told


def test_a_cloudevent_is_known_by_its_version(viewer: Client) -> None:
    stated = {
        "specversion": "1.0",
        "id": "1",
        "source": "ci",
        "type": "task_completed",
        "boardid": "shop",
        "team": "red",
    }
    told = check(viewer, stated)
    assert "Format CloudEvent Stored as cloudevent in the metadata" in told
    assert '"team": "red"' in told
    assert "/id" in check(viewer, stated | {"id": ""})


BAD: list[Any] = [
    {},
    {"event_type": "x"},
    {"event_type": "x", "source": 7},
    EVENT | {"data": []},
    EVENT | {"data": {"a": {"b": [1, 2**60]}}},
    EVENT | {"data": {"a/b~c": "\ud800"}},
    EVENT | {"timestamp": "yesterday"},
    EVENT | {"timestamp": "1815-12-10T00:00:00Z"},
    EVENT | {"metadata": {"extra": 1}, "team": 1},
    EVENT | {"data": {str(n): n for n in range(1_100)}},
    EVENT | {"event_id": "x" * 600},
    7,
    "text",
    None,
]


@pytest.mark.parametrize("stated", BAD, ids=[str(n) for n in range(len(BAD))])
def test_each_problem_is_told_with_its_place_and_limit_as_the_api_does(viewer: Client, stated: Any) -> None:
    answer = Program(tokens.create("program")).post(json.dumps(stated)).json()
    [result] = answer["results"]
    told = check(viewer, stated)
    place = result["pointer"] or "/"
    assert told.startswith(f"This event would be rejected {place} {result['error'].partition(': ')[2]}")
    assert ("limit: " + str(result["limit"]) in told) is (result["limit"] is not None)
    assert LoggedEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Nothing to validate Paste an event"),
        ("  \n ", "Nothing to validate"),
        ("{oops", "The request would be rejected with 400 Bad Request The body is not JSON"),
        ("{\n\n!", "line 3 column 1"),
        ("[]", "422 Unprocessable Entity Send 1 to 500 events, not 0. limit: batch"),
        ("[" * 100_000, "The body is nested too deeply. limit: depth"),
        ('{"a": NaN}', "NaN is not JSON"),
        (json.dumps([EVENT] * 501), "Send 1 to 500 events, not 501."),
    ],
)
def test_what_would_be_refused_as_a_whole_is_told_so(viewer: Client, text: str, told: str) -> None:
    assert told in check_text(viewer, text)


def test_of_an_array_the_problems_come_first(viewer: Client) -> None:
    told = check(viewer, [EVENT, EVENT, {"source": "x"}, EVENT])
    assert told.startswith(
        "1 of 4 events would be rejected /2/event_type must be a non-empty string /0 Claude 2 started"
    )
    assert check(viewer, [EVENT, EVENT]).startswith("All 2 events would be accepted")


def test_a_field_that_would_not_be_used_is_told_with_what_is_expected(viewer: Client) -> None:
    odd = EVENT | {"event_type": "task_progress", "data": {"task_id": 77, "progress": "half"}}
    told = check(viewer, odd)
    assert told.startswith(
        "This event would be accepted with a warning Claude 2 is at half % on 77 "
        "/data/progress should be a number from 0 to 100. Its value is ignored."
    )
    assert "Task 77 77" in told
    told = check(viewer, [EVENT, odd, {"source": "x"}])
    assert told.startswith("1 of 3 events would be rejected, 1 accepted with a warning /2/event_type")
    assert told.index("/2/event_type") < told.index("/1/data/progress") < told.index("/0 Claude 2 started")
    assert check(viewer, [EVENT, odd]).startswith("All 2 events would be accepted, 1 with a warning")


def test_of_a_long_array_a_part_is_shown_and_the_rest_counted(viewer: Client) -> None:
    told = check(viewer, [EVENT] * 300)
    assert told.startswith("All 300 events would be accepted")
    assert told.endswith(f"{300 - MAX_SHOWN} more not shown")


def test_what_the_log_holds_already_is_told(viewer: Client) -> None:
    mine = EVENT | {"event_id": "e1", "metadata": {"board_id": "shop"}}
    Program(tokens.create("program")).publish(mine)
    assert "Already in the log at 1" in check(viewer, mine)
    told = check(viewer, mine | {"data": {"task_id": "other"}})
    assert told.startswith("This event would be rejected /event_id agent_claude_2 already published another event")


def test_it_works_as_a_plain_form_with_what_was_pasted_still_there(viewer: Client) -> None:
    response = viewer.post(CHECK, {"event": '{"event_type": "x"}'})
    page = Document(response.content.decode())
    assert "Integrations · Marcus Events" in page.text
    assert '{"event_type": "x"}' in page.text
    assert "/source must be a non-empty string" in " ".join(page.text.split())


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_more_than_a_request_may_hold_is_refused(viewer: Client, headers: dict[str, str]) -> None:
    response = viewer.post(CHECK, {"event": "x" * (1024 * 1024 + 1)}, headers=headers)
    assert response.status_code == 400
    assert "larger than 1 MiB" in response.content.decode()
