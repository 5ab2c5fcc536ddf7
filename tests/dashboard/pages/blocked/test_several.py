"""One act on several blockers: an event for each, one undo that changes only what is still so, and nothing unseen."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.blocked.snoozes import tomorrow_morning
from marcus_events.access import roles
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import Blocker
from tests.dashboard.conftest import may
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document, open_page

SEVERAL = "/blocked/several/"
TASKS = ("a", "b", "c")


@pytest.fixture
def stuck(viewer: Client, projecting: threading.Event) -> Client:
    publish(*(event("task_blocked", task_id=task, description=f"Need {task}", ago=5) for task in TASKS))
    publish(event("task_blocked", board="bank", task_id="secret", description="Which vault?", ago=5))
    return viewer


def of(task: str) -> Blocker:
    found = Blocker.objects.now().get(task_id=task)
    assert isinstance(found, Blocker)
    return found


def values(field: str) -> list[Any]:
    return [getattr(of(task), field) for task in TASKS]


def act(client: Client, name: str, *tasks: str, status: int = 200, **fields: str) -> Document:
    ids = " ".join(str(of(task).blocker_id) for task in tasks)
    response = client.post(SEVERAL, {"act": name, "blockers": ids, **fields}, headers={"X-Drawer": "1"})
    assert response.status_code == status, response.content
    return Document(response.content.decode())


def undo(client: Client, done: Document, status: int = 200) -> Document:
    return act(client, "undo", undo=done.all_of("data-undo")[0], status=status)


def test_each_gets_an_event_of_its_own_and_one_undo_takes_all_back(stuck: Client) -> None:
    act(stuck, "assign", "b", assignee="ada")
    done = act(stuck, "assign", *TASKS, assignee="ada")
    assert done.text.strip() == "You took 3 blockers"
    told = read.events(EventFilter(), limit=3)
    assert {(row.event_type, row.task_id) for row in told} == {("blocker_assigned", task) for task in TASKS}
    assert values("assignee") == ["ada", "ada", "ada"]
    undo(stuck, done)
    assert values("assignee") == ["", "ada", ""]


def test_an_undo_leaves_alone_what_somebody_has_changed_since(stuck: Client) -> None:
    done = act(stuck, "assign", "a", "b", assignee="ada")
    act(stuck, "assign", "a", assignee="")
    undo(stuck, done)
    assert values("assignee") == ["", "", ""]
    assert "has changed since" in undo(stuck, done, status=409).text


def test_all_are_snoozed_and_woken_again(stuck: Client) -> None:
    morning: dict[str, Any] = {"for": "tomorrow", "zone": "Asia/Tokyo"}
    done = act(stuck, "snooze", "a", "b", **morning)
    until = tomorrow_morning(utc_now(), ZoneInfo("Asia/Tokyo"))
    assert values("snoozed_until") == [until, until, None]
    assert open_page(stuck, "/").with_id("bell")[0]["data-open"] == "2"
    undo(stuck, done)
    assert values("snoozed_until") == [None, None, None]


def test_one_reply_goes_to_all_that_have_none_and_is_withdrawn_from_these(stuck: Client) -> None:
    act(stuck, "answer", "b", answer="Mine")
    done = act(stuck, "answer", *TASKS, answer="Yes")
    assert done.text.strip() == "Replied to 2 blockers"
    assert values("answer") == ["Yes", "Mine", "Yes"]
    undo(stuck, done)
    assert values("answer") == ["", "Mine", ""]
    assert "Write a reply first." in act(stuck, "answer", "a", answer=" ", status=409).text


def test_an_undo_is_of_the_person_who_acted(stuck: Client) -> None:
    done = act(stuck, "assign", "a", assignee="ada")
    bob = Client()
    bob.force_login(may(User.objects.create_user("bob"), "handle_blocker", "see_every_board"))
    undo(bob, done, status=409)
    assert "can no longer be undone" in act(stuck, "undo", undo="nonsense", status=409).text
    assert of("a").assignee == "ada"


def test_what_one_does_not_see_is_not_acted_on_nor_told_of(stuck: Client) -> None:
    user = may(User.objects.create_user("shopkeeper"), "handle_blocker")
    roles.grant_boards(user, ["shop"], every=False)
    client = Client()
    client.force_login(user)
    act(client, "assign", "a", "secret", assignee="shopkeeper")
    assert (of("a").assignee, of("secret").assignee) == ("shopkeeper", "")
    assert act(client, "assign", "secret", assignee="shopkeeper", status=409).text
    people = client.get(SEVERAL, {"blockers": f"{of('a').blocker_id} {of('secret').blocker_id}"}).content.decode()
    assert "shopkeeper" in people
    assert client.get(SEVERAL, {"blockers": str(of("secret").blocker_id)}).content.decode().count("data-assign=") == 1
    assert "has no access" in act(stuck, "assign", "a", "secret", assignee="shopkeeper", status=409).text


def test_who_may_only_watch_replies_to_what_is_theirs_alone(stuck: Client) -> None:
    bob = Client()
    bob.force_login(may(User.objects.create_user("bob"), "see_every_board"))
    for name in ("assign", "snooze", "answer"):
        act(bob, name, *TASKS, status=HTTPStatus.FORBIDDEN, answer="Yes")
    assert bob.get(SEVERAL).status_code == HTTPStatus.FORBIDDEN
    act(stuck, "assign", "b", assignee="bob")
    act(bob, "answer", *TASKS, answer="Yes")
    assert values("answer") == ["", "Yes", ""]


@pytest.mark.parametrize("stated", ["", "x", "-1", "9" * 40, "²"])
def test_ids_that_are_none_are_nothing(stuck: Client, stated: str) -> None:
    response = stuck.post(SEVERAL, {"act": "assign", "blockers": stated}, headers={"X-Drawer": "1"})
    assert response.status_code == HTTPStatus.CONFLICT


def test_somebody_who_is_given_a_blocker_is_told_and_who_takes_one_is_not(stuck: Client) -> None:
    may(User.objects.create_user("bob"), "see_every_board")
    act(stuck, "assign", "a", assignee="bob")
    act(stuck, "assign", "b", assignee="ada")
    [told] = open_page(stuck, "/activity/").with_id("assigned-")
    assert (told["data-assignee"], told["data-by"], told["data-opens"]) == ("bob", "ada", str(of("a").blocker_id))
    act(stuck, "assign", "a", assignee="")
    assert open_page(stuck, "/activity/").with_id("assigned-") == []


def test_blocked_is_filtered_by_who_has_it(stuck: Client) -> None:
    act(stuck, "assign", "a", assignee="ada")
    page = open_page(stuck, "/blocked/", {"assignee": "ada"})
    assert "Need a" in page.text
    assert "Need b" not in page.text
    assert "?assignee=ada" in open_page(stuck, "/blocked/").leads()


def test_the_suggestion_of_marcus_is_sent_with_one_click(stuck: Client) -> None:
    publish(event("blocker_suggestion", task_id="a", suggestion={"steps": ["Ask Ops", "Wait"]}))
    stuck.post(f"/blocked/{of('a').blocker_id}/", {"act": "answer", "suggestion": "1"})
    assert of("a").answer == "Ask Ops\nWait"


@pytest.mark.parametrize("name", ["", "Nowhere/Else", "../../etc/passwd", "x" * 200, "Europe", "\0"])
def test_a_zone_that_is_none_is_utc(stuck: Client, name: str) -> None:
    morning: dict[str, Any] = {"for": "tomorrow", "zone": name}
    act(stuck, "snooze", "a", **morning)
    assert of("a").snoozed_until == tomorrow_morning(utc_now(), UTC)


def test_tomorrow_is_that_of_the_viewer() -> None:
    late = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
    assert tomorrow_morning(late, UTC) == datetime(2026, 5, 5, 9, tzinfo=UTC)
    assert tomorrow_morning(late, ZoneInfo("Asia/Tokyo")) == datetime(2026, 5, 6, 0, tzinfo=UTC)
    assert tomorrow_morning(late, ZoneInfo("America/New_York")) - late == timedelta(hours=13, minutes=30)


def test_one_shared_word_makes_no_similar_blocker(stuck: Client) -> None:
    publish(event("task_blocked", task_id="key", description="May I have a new key?", ago=3))
    publish(event("task_blocked", task_id="data", description="May data of the invoices leave the country?", ago=3))
    publish(event("task_blocked", task_id="like", description="May data of the orders leave the country?", ago=3))
    for task in ("key", "data"):
        given = {"answer_id": f"answer-{task}", "answer": f"Reply on {task}", "answered_by": "ann"}
        Blocker.objects.now().filter(task_id=task).update(resolved_at=utc_now(), resolution=given["answer"], **given)
    text = open_page(stuck, f"/blocked/{of('like').blocker_id}/").text
    assert "Reply on data" in text
    assert "Reply on key" not in text
