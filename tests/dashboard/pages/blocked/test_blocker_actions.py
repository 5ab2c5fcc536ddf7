"""Answering a blocker: each act is an event with who did it, caused by the blocker; what makes no sense is refused."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from marcus_events.access import roles
from marcus_events.blockers import replies
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import Blocker, BoardAccess
from tests.dashboard.conftest import may
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page


@pytest.fixture
def blocked(viewer: Client, projecting: threading.Event) -> Client:
    publish(*project())
    return viewer


def the_blocker() -> Blocker:
    found = Blocker.objects.now().order_by("blocker_id").first()
    assert isinstance(found, Blocker)
    return found


def act(client: Client, name: str, **fields: str) -> Any:
    return client.post(f"/blocked/{the_blocker().blocker_id}/", {"act": name, **fields})


def last() -> dict[str, Any]:
    [found] = read.events(EventFilter(), limit=1)
    return {"type": found.event_type, "source": found.source, **found.data} | found.metadata


def test_every_act_says_who_did_it_to_which_blocker(blocked: Client) -> None:
    may(User.objects.create_user("bob"), "see_every_board")
    acts = {
        "acknowledge": ({}, "blocker_acknowledged"),
        "assign": ({"assignee": "bob"}, "blocker_assigned"),
        "snooze": ({"for": "2h"}, "blocker_snoozed"),
        "answer": ({"answer": "Here it is"}, "blocker_answered"),
        "withdraw": ({}, "answer_withdrawn"),
    }
    for name, (fields, event_type) in acts.items():
        assert act(blocked, name, **fields).status_code == 302, name
        told = last()
        assert (told["type"], told["source"], told["by"], told["board_id"]) == (event_type, "user:ada", "ada", "shop")
        assert told["blocker_event_id"] == told["causation_id"] == told["correlation_id"] == the_blocker().event_id


def test_a_blocker_is_given_to_those_alone_who_see_its_board(blocked: Client) -> None:
    """Nor is anybody else named: who sees one board learns of no one who only sees others."""
    may(User.objects.create_user("every"), "see_every_board")
    may(User.objects.create_user("locked-out", is_active=False), "see_every_board")
    roles.assign_role(User.objects.create_user("administers"), roles.ADMINISTRATOR)
    roles.grant_boards(User.objects.create_user("shopkeeper"), ["shop"], every=False)
    roles.grant_boards(User.objects.create_user("banker"), ["bank"], every=False)
    group = Group.objects.create(name="shopkeepers")
    BoardAccess.objects.create(group=group, board_id="shop")
    User.objects.create_user("of-the-group").groups.add(group)
    page = blocked.get(f"/blocked/{the_blocker().blocker_id}/").content.decode()
    people = re.findall(r"<option[^>]*>([\w-]+)<", page.partition('name="assignee"')[2].partition("</select>")[0])
    assert people == ["Nobody", "ada", "administers", "every", "of-the-group", "shopkeeper"]
    for name in ("banker", "locked-out"):
        assert (
            f"{name} does not exist or has no access to this board."
            in act(blocked, "assign", assignee=name).content.decode()
        )
    assert act(blocked, "assign", assignee="of-the-group").status_code == 302


def test_an_answer_is_sent_after_a_while_and_the_card_tells_what_became_of_it(blocked: Client) -> None:
    act(blocked, "answer", answer="  The blue one  ")
    assert the_blocker().resolved_at is None
    assert "Reply by ada" in open_page(blocked, "/").text
    assert replies.send_due_answers() == 0, "it can be taken back"
    Blocker.objects.now().update(answer_due=utc_now() - timedelta(seconds=5))
    assert replies.send_due_answers() == 1
    publish(event("context_updated"))
    assert "sent, not seen yet" in open_page(blocked, "/").text
    seen = event("answer_seen", task_id="shop-2", blocker_event_id=the_blocker().event_id)
    publish(seen)
    assert "seen by the agent" in open_page(blocked, "/").text
    publish(event("task_progress", task_id="shop-2", agent_id="agent_shop", progress=60))
    assert "resumed" in open_page(blocked, "/").text
    assert the_blocker().resolution == "The blue one"


def test_two_who_answer_at_once_see_each_other(blocked: Client) -> None:
    bob = Client()
    bob.force_login(may(User.objects.create_user("bob"), "handle_blocker", "see_every_board"))
    assert act(blocked, "answer", answer="The blue one").status_code == 302
    response = act(bob, "answer", answer="The red one, with <care>")
    assert response.status_code == 409
    page = response.content.decode()
    assert "ada has just replied" in page
    assert "The red one, with &lt;care&gt;" in page, "what was written is lost"
    assert the_blocker().answer == "The blue one"


def test_who_may_only_watch_is_shown_no_acts_and_refused_them(blocked: Client, user: User) -> None:
    user.user_permissions.remove(*user.user_permissions.filter(codename="handle_blocker"))
    before = read.head().position
    blocker = f"/blocked/{the_blocker().blocker_id}/"
    for headers in ({}, {"X-Drawer": "1"}):
        page = blocked.get(blocker, headers=headers).content.decode()
        assert "You can view this blocker but not reply to it." in page
        assert 'name="act" value="a' not in page.partition('<article class="blocker"')[2].partition("</article>")[0]
    for name in ("acknowledge", "assign", "snooze", "answer", "withdraw"):
        assert act(blocked, name, answer="Here it is").status_code == 403, name
    assert read.head().position == before
    assert "data-handles" not in blocked.get("/").content.decode().partition("<body")[2].partition(">")[0]


def test_a_viewer_replies_to_what_is_assigned_to_them_and_does_nothing_else(blocked: Client) -> None:
    may(bob := User.objects.create_user("bob"), "see_every_board")
    client = Client()
    client.force_login(bob)
    assert act(client, "answer", answer="Blue").status_code == HTTPStatus.FORBIDDEN
    assert "Ask an administrator for permission" in open_page(client, f"/blocked/{the_blocker().blocker_id}/").text
    act(blocked, "assign", assignee="bob")
    for refused in ("acknowledge", "assign", "snooze", "withdraw", "nonsense"):
        assert act(client, refused, assignee="bob", **{"for": "1h"}).status_code == HTTPStatus.FORBIDDEN
    page = open_page(client, f"/blocked/{the_blocker().blocker_id}/")
    assert "Reply and unblock" in page.text
    assert "Snooze" not in page.text
    assert act(client, "answer", answer="Blue").status_code == HTTPStatus.FOUND
    assert (last()["type"], last()["by"], last()["answer"]) == ("blocker_answered", "bob", "Blue")
    assert act(client, "withdraw").status_code == HTTPStatus.FOUND
    act(blocked, "answer", answer="Red")
    assert "Undo" not in open_page(client, f"/blocked/{the_blocker().blocker_id}/").text
    assert act(client, "withdraw").status_code == HTTPStatus.FORBIDDEN
    assert act(client, "answer", answer="Blue").status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("answer", {"answer": " \n"}, "Write a reply first."),
        ("answer", {}, "Write a reply first."),
        ("answer", {"answer": "a\0b"}, "This could not be stored"),
        ("answer", {"answer": "x" * 300_000}, "This could not be stored"),
        ("assign", {"assignee": "nobody-known"}, "nobody-known does not exist or has no access to this board."),
        ("snooze", {"for": "soon"}, "Choose a duration."),
        ("snooze", {"for": "999w"}, "Choose a duration."),
        ("withdraw", {}, "can no longer be undone"),
        ("explode", {}, "Unknown action."),
        ("", {}, "Unknown action."),
    ],
)
def test_what_makes_no_sense_is_refused_and_is_no_event(
    blocked: Client, name: str, fields: dict[str, str], why: str
) -> None:
    head = read.head().position
    response = act(blocked, name, **fields)
    assert response.status_code == 409
    assert why in response.content.decode()
    assert read.head().position == head


def test_what_has_ended_is_left_alone(blocked: Client) -> None:
    publish(event("task_progress", task_id="shop-2", agent_id="agent_shop", progress=60))
    head = read.head().position
    for name in ("acknowledge", "assign", "snooze", "answer", "withdraw"):
        assert act(blocked, name, answer="x").status_code == 409
    assert read.head().position == head


def test_a_stranger_reads_and_does_nothing(blocked: Client) -> None:
    stranger, address = Client(), f"/blocked/{the_blocker().blocker_id}/"
    for response in (stranger.get(address), stranger.get(f"{address}state/"), act(stranger, "answer", answer="x")):
        assert response.status_code == 302
        assert "/sign-in/" in response["Location"]
    assert Client(enforce_csrf_checks=True).post(address, {"act": "acknowledge"}).status_code in {302, 403}
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(User.objects.get(username="ada"))
    assert forger.post(address, {"act": "acknowledge"}).status_code == 403


def test_its_page_belongs_to_blocked(blocked: Client) -> None:
    page = blocked.get(f"/blocked/{the_blocker().blocker_id}/").content.decode()
    assert re.findall(r'<a href="([^"]*)"[^>]*aria-current="page"', page) == ["/blocked/"] * page.count('data-key="k"')


def test_there_is_no_such_blocker(blocked: Client) -> None:
    assert blocked.get("/blocked/1/").status_code == 404
    assert blocked.get("/blocked/1/state/").status_code == 404


def test_what_is_put_off_is_not_among_what_needs_you_until_its_time(blocked: Client) -> None:
    act(blocked, "snooze", **{"for": "2h"})
    text = open_page(blocked, "/").text
    assert "1 snoozed blocker" in text
    assert "Nothing needs you" in text or "No blocked tasks" in text
    assert "Snoozed until" in open_page(blocked, "/blocked/").text
    act(blocked, "snooze", **{"for": ""})
    assert "1 snoozed blocker" not in open_page(blocked, "/").text


def test_earlier_ones_that_read_alike_are_shown_with_the_answer_that_helped(blocked: Client) -> None:
    other: dict[str, Any] = {"task_id": "shop-1", "agent_id": "agent_shop"}
    publish(event("task_blocked", ago=9, description="The key for billing is missing", **other))
    answered = event("blocker_answered", ago=8, answer="It lies in the vault", by="ann", task_id="shop-1")
    sent: dict[str, Any] = {"resolution": "It lies in the vault", "answer_id": answered.event_id}
    publish(answered, event("blocker_resolved", ago=7, by="ann", task_id="shop-1", **sent))
    page = open_page(blocked, f"/blocked/{the_blocker().blocker_id}/").text
    assert "Similar blockers" in page
    assert "It lies in the vault" in page


def test_it_tells_what_was_tried_what_is_suggested_and_what_waits(blocked: Client) -> None:
    blocker = the_blocker()
    suggestion = {"resolution_steps": ["Ask for a key"], "confidence": 0.8}
    publish(event("blocker_suggestion", task_id="shop-2", suggestion=suggestion))
    page = open_page(blocked, f"/blocked/{blocker.blocker_id}/").text
    for words in ("No key for shop", "Ask for a key", "80% confidence", "Holds up 2 tasks", "Build shop-4"):
        assert words in page


def test_where_a_program_ends_it_the_page_says_that_a_program_did(blocked: Client) -> None:
    blocker = the_blocker()
    publish(event("blocker_resolved", source="planner", task_id="shop-2", resolution="Here is the key", by="ada"))
    state = open_page(blocked, f"/blocked/{blocker.blocker_id}/").text
    assert "Unblocked: Here is the key · Resolved by planner (a program)" in state
    assert "by planner (a program)" in open_page(blocked, "/blocked/").text


def test_an_answer_that_could_not_be_delivered_says_so_and_stands_in_the_form_again(blocked: Client) -> None:
    act(blocked, "answer", answer="The blue one")
    blocker = the_blocker()
    publish(event("answer_failed", task_id="shop-2", answer_id=blocker.answer_id, reason="it is too large"))
    page = blocked.get(f"/blocked/{blocker.blocker_id}/").content.decode()
    assert "This reply could not be delivered: <bdi>it is too large</bdi>." in page
    assert ">The blue one</textarea>" in page
    assert "Reply not delivered" in open_page(blocked, "/").text
    act(blocked, "answer", answer="Blue")
    assert "This reply could not be delivered" not in open_page(blocked, f"/blocked/{blocker.blocker_id}/").text


def test_an_answer_that_something_else_overtook_is_not_shown_as_sent(blocked: Client) -> None:
    act(blocked, "answer", answer="The blue one")
    blocker = the_blocker()
    publish(event("blocker_resolved", source="agent_9", task_id="shop-2", resolution="Never mind"))
    page = open_page(blocked, f"/blocked/{blocker.blocker_id}/").text
    assert "Unblocked: Never mind · Resolved by agent_9 (a program)" in page
    assert "This reply could not be delivered: the task was no longer blocked" in page
    assert "Sent " not in page
