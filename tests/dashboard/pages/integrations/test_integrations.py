"""Integrations: who may make, see and revoke tokens; and that a secret stands in one answer and nowhere else."""

from __future__ import annotations

import logging
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marcus_events.access import tokens
from marcus_events.access.authentication import Caller
from marcus_events.core.event import utc_now
from marcus_events.http import rejected_requests
from marcus_events.models import Token
from tests.dashboard.pages.test_hostile import BOARD, MARKUP, assert_harmless
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import Document, open_page

PAGE, MAKE, CHECK = "/integrations/", "/integrations/tokens/", "/integrations/check/"
STATED = {"name": "build server", "scopes": ["publish", "read"], "expires": "never"}


@pytest.fixture
def administrator(log: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def revoke_at(name: str) -> str:
    return f"{MAKE}{Token.objects.get(name=name).pk}/revoke/"


def made(client: Client, **changes: Any) -> str:
    """The secret of a token that is made on the page."""
    response = client.post(MAKE, STATED | changes)
    [secret] = [text for text in Document(response.content.decode()).text.split() if text.startswith(tokens.PREFIX)][:1]
    return secret


# Who may


def test_an_administrator_makes_a_token_that_works(administrator: Client) -> None:
    found = tokens.find(made(administrator))
    assert found is not None
    assert (found.name, found.scopes, found.boards, found.sources, found.expires_at) == (
        *("build server", ["publish", "read"], [], [], None),
    )


@pytest.mark.parametrize("is_staff", [False, True])
def test_nobody_else_makes_sees_or_revokes_one(viewer: Client, user: User, is_staff: bool) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=is_staff)
    User.objects.create_superuser("root")
    tokens.create("kept")
    page = open_page(viewer, PAGE)
    assert "kept" not in page.text
    assert MAKE not in page.leads()
    assert "Administrators create tokens here: ask root" in page.text
    assert viewer.post(MAKE, STATED).status_code == 403
    assert viewer.post(revoke_at("kept")).status_code == 403
    assert Token.objects.get().revoked_at is None


@pytest.mark.parametrize("path", [MAKE, f"{MAKE}1/revoke/", CHECK])
def test_a_stranger_does_nothing_at_all(client: Client, log: None, path: str) -> None:
    tokens.create("kept")
    Token.objects.update(id=1)
    response = client.post(path, STATED | {"event": "{}"})
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={path}")
    assert Token.objects.get().revoked_at is None


@pytest.mark.parametrize("path", [MAKE, f"{MAKE}1/revoke/", CHECK])
def test_another_site_does_nothing_in_an_administrators_name(log: None, path: str) -> None:
    tokens.create("kept")
    Token.objects.update(id=1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    assert client.post(path, STATED | {"event": "{}"}).status_code == 403
    assert Token.objects.get().revoked_at is None


def test_a_link_makes_and_revokes_nothing(administrator: Client) -> None:
    tokens.create("kept")
    for path in (MAKE, revoke_at("kept"), CHECK):
        response = administrator.get(path, STATED)
        assert (response.status_code, response["Location"]) == (302, PAGE)
    assert Token.objects.get().revoked_at is None


def test_one_who_is_no_administrator_any_more_sees_none(administrator: Client) -> None:
    tokens.create("kept")
    User.objects.update(is_superuser=False)
    assert "kept" not in open_page(administrator, PAGE).text
    assert administrator.post(revoke_at("kept")).status_code == 403


# The secret


def test_the_secret_is_in_one_answer_and_in_nothing_else(
    administrator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = administrator.post(MAKE, STATED)
    secret = next(part for part in Document(response.content.decode()).text.split() if part.startswith(tokens.PREFIX))
    assert tokens.find(secret)
    assert "no-store" in response["Cache-Control"]
    assert secret not in str(response.headers) + str(response.cookies) + str(administrator.session.items())
    for path in ("/", PAGE, "/boards/", "/activity/", "/blocked/", "/admin/marcus_events/token/"):
        assert secret not in administrator.get(path).content.decode()
    Client().post("/api/events", headers={"Authorization": f"Bearer {secret}x"})
    Client().get(f"/api/events?limit={secret}", headers={"Authorization": f"Bearer {secret}"})
    rejected_requests.REJECTED_REQUESTS.stop()
    assert secret not in open_page(administrator, PAGE).text
    assert secret not in caplog.text
    assert "build server" in caplog.text


def test_the_programs_hold_the_new_token_and_otherwise_say_where_it_goes(administrator: Client) -> None:
    assert open_page(administrator, PAGE).text.count("$TOKEN") > 5
    page = Document(administrator.post(MAKE, STATED).content.decode())
    assert page.text.count(tokens.PREFIX) > 6
    assert "$TOKEN" not in page.text
    assert "http://testserver/api/events" in page.text


def test_a_token_that_may_only_read_is_not_put_into_programs_that_publish(administrator: Client) -> None:
    page = Document(administrator.post(MAKE, STATED | {"scopes": ["read"]}).content.decode())
    assert page.text.count(tokens.PREFIX) == 2  # the secret, and the beginning of it in the list
    assert "$TOKEN" in page.text
    assert "It has no publish permission" in page.text


def test_sending_the_form_again_makes_no_second_token(administrator: Client) -> None:
    made(administrator)
    again = Document(administrator.post(MAKE, STATED).content.decode())
    assert "A token with this name already exists." in again.text
    assert again.with_id("made") == []
    assert Token.objects.count() == 1


# What is asked for


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "   "}, "Enter a name."),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Select at least one permission."),
        ({"scopes": ["admin"]}, "Select a valid choice."),
        ({"boards": ["nowhere"]}, "Board nowhere does not exist."),
        ({"expires": "7"}, "Select a valid choice."),
        ({"expires": "date"}, "Choose a date."),
        ({"expires": "date", "expires_on": "soon"}, "Enter a date"),
        ({"expires": "date", "expires_on": "2001-01-01"}, "This date has passed."),
        ({"expires": "date", "expires_on": "9999-12-31"}, "Choose a date before 2199"),
        ({"sources": "x" * 600}, "longer than 512 bytes"),
        ({"sources": "x" * 4001}, "at most 4000 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_in_its_place(
    administrator: Client, changes: dict[str, Any], error: str
) -> None:
    response = administrator.post(MAKE, STATED | changes)
    assert error in Document(response.content.decode()).text
    assert not Token.objects.exists()


def test_what_was_filled_in_is_still_there_beside_the_error(administrator: Client) -> None:
    publish(*project())
    stated = {"name": "mine", "scopes": [], "expires": "365", "boards": ["shop"], "sources": "agent_*"}
    page = Document(administrator.post(MAKE, stated).content.decode())
    chosen = [
        attributes.get("value") for tag, attributes in page.elements if tag == "input" and "checked" in attributes
    ]
    assert {"365", "shop"} <= set(chosen)
    assert not {"publish", "read"} & set(chosen)
    assert "agent_*" in page.text
    [details] = page.with_id("make")
    assert "open" in details


def test_a_token_is_for_what_was_chosen(administrator: Client) -> None:
    publish(*project(), event("project_created", board=BOARD, project_name="odd"))
    [odd, other, *of_webhooks] = [box["value"] for box in boxes(open_page(administrator, PAGE), "boards")]
    assert of_webhooks == [odd, other]
    made(administrator, scopes=["read"], boards=[odd], sources="agent_*\r\n\r\n  marcus ", expires="30")
    found = Token.objects.get()
    assert (found.scopes, found.boards, found.sources) == (["read"], [BOARD], ["agent_*", "marcus"])
    assert found.expires_at is not None
    assert timedelta(days=29) < found.expires_at - utc_now() <= timedelta(days=30)


def boxes(page: Document, name: str) -> list[dict[str, str]]:
    return [attributes for tag, attributes in page.elements if tag == "input" and attributes.get("name") == name]


def test_its_last_day_is_one_of_its_days(administrator: Client) -> None:
    today = utc_now().date()
    made(administrator, expires="date", expires_on=today.isoformat())
    expires_at = Token.objects.get().expires_at
    assert expires_at is not None
    assert expires_at.isoformat() == f"{today + timedelta(days=1)}T00:00:00+00:00"


# The list


def test_a_revoked_token_opens_nothing_and_is_listed_as_revoked(administrator: Client) -> None:
    secret = made(administrator)
    response = administrator.post(revoke_at("build server"))
    assert response["Location"].startswith(PAGE)
    assert tokens.find(secret) is None
    page = open_page(administrator, response["Location"].partition("#")[0])
    assert "build server has been revoked." in page.text
    assert "1 revoked token" in page.text
    assert [lead for lead in page.leads() if lead.endswith("/revoke/")] == []


def test_revoking_again_or_what_is_not_there_breaks_nothing(administrator: Client) -> None:
    tokens.create("kept")
    for _ in range(2):
        assert administrator.post(revoke_at("kept")).status_code == 302
    assert administrator.post(f"{MAKE}999999/revoke/").status_code == 404


def test_the_list_says_what_each_is_for_and_whether_it_is_used(administrator: Client) -> None:
    publish(*project())
    tokens.create("for ever")
    tokens.find(tokens.create("mine", ["publish"], ["shop", "gone"], ["agent_*"], utc_now() + timedelta(days=9)))
    tokens.create("ended", expires_at=utc_now() + timedelta(days=9))
    Token.objects.filter(name="ended").update(expires_at=utc_now() - timedelta(hours=2))
    text = " ".join(open_page(administrator, PAGE).text.split())
    assert "Tokens 3" in text
    assert "publish The shop, gone agent_* 0 s ago" in text
    assert "publish, read all any never never" in text
    assert "Expired 2 h ago" in text


def test_many_tokens_cost_no_more_queries_than_few(administrator: Client) -> None:
    publish(*project())
    tokens.create("one", boards=["shop"])
    before = cost(administrator)
    for n in range(20):
        tokens.create(f"t{n}", boards=["shop"])
        rejected_requests.record_rejection(401, f"r{n}", Caller("10.0.0.1"), "GET", "/api/events")
    rejected_requests.REJECTED_REQUESTS.stop()
    assert cost(administrator) <= before


def cost(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        open_page(client, PAGE)
    return len(captured)


# What was refused


def test_refused_requests_are_listed_newest_first_for_everybody(viewer: Client) -> None:
    assert "No rejected requests." in open_page(viewer, PAGE).text
    for reason in ("first", "second", "second"):
        rejected_requests.record_rejection(422, reason, Caller("10.0.0.1", "mev_abcdefgh"), "POST", "/api/events")
    rejected_requests.REJECTED_REQUESTS.stop()
    text = " ".join(open_page(viewer, PAGE).text.split())
    assert "0 s ago 422 second 10.0.0.1 mev_abcd… POST /api/events 2 0 s ago 422 first" in text


def test_what_was_taken_with_a_warning_is_listed_as_that(viewer: Client) -> None:
    rejected_requests.record_rejection(
        201, "/data/progress: should be a number", Caller("10.0.0.1"), "POST", "/api/events"
    )
    rejected_requests.REJECTED_REQUESTS.stop()
    text = " ".join(open_page(viewer, PAGE).text.split())
    assert "201 accepted with a warning: /data/progress: should be a number 10.0.0.1" in text


# Whatever anybody writes stays text


def test_no_name_board_source_or_reason_is_markup(administrator: Client) -> None:
    publish(event("project_created", board=BOARD, project_name=MARKUP, metadata={"board_name": MARKUP}))
    tokens.create(MARKUP, boards=[BOARD], sources=[MARKUP])
    tokens.create(f"{MARKUP} revoked")
    tokens.revoke(f"{MARKUP} revoked")
    rejected_requests.record_rejection(422, MARKUP, Caller(MARKUP, f"mev_{MARKUP}"), "POST", f"/{MARKUP}")
    rejected_requests.REJECTED_REQUESTS.stop()
    administrator.raise_request_exception = True
    for response in (
        administrator.get(PAGE),
        administrator.post(MAKE, STATED | {"name": MARKUP, "sources": MARKUP, "scopes": [MARKUP]}),
        administrator.post(MAKE, STATED | {"name": f"{MARKUP} new", "sources": MARKUP, "boards": []}),
        administrator.post(CHECK, {"event": MARKUP}),
        administrator.post(CHECK, {"event": f'{{"event_type": "{escape(MARKUP)}", "source": "s"}}'}),
        administrator.get(f"{PAGE}?revoked={Token.objects.get(name=f'{MARKUP} revoked').pk}"),
    ):
        page = response.content.decode()
        assert_harmless(Document(page.replace("http://testserver", "")))
        assert MARKUP not in page
        assert escape(MARKUP) in page or "{{ 7 }}" in page


def test_a_hostile_source_does_not_get_into_a_program(administrator: Client) -> None:
    odd = "'; rm -rf ~; '*"
    page = Document(administrator.post(MAKE, STATED | {"sources": odd}).content.decode())
    assert "rm -rf" not in page.text.replace(odd, "")


def test_the_page_is_in_the_navigation_and_the_admin_only_for_staff(viewer: Client, administrator: Client) -> None:
    for client, is_staff in ((viewer, False), (administrator, True)):
        leads = open_page(client, "/").leads()
        assert PAGE in leads
        assert ("/admin/" in leads) is is_staff


def test_a_token_that_was_used_lately_is_revoked_only_by_its_name(administrator: Client) -> None:
    secret = made(administrator)
    Token.objects.update(last_used_at=utc_now())
    path = revoke_at("build server")
    for wrong in ({}, {"confirm": "server"}):
        refused = administrator.post(path, wrong)
        assert refused.status_code == 422
        assert "type its name to confirm" in refused.content.decode()
    assert tokens.find(secret)
    assert administrator.post(path, {"confirm": "build server"}).status_code == 302
    assert tokens.find(secret) is None


def test_a_token_that_was_not_used_lately_is_revoked_by_a_button(administrator: Client) -> None:
    secret = made(administrator)
    Token.objects.update(last_used_at=utc_now() - timedelta(days=8))
    assert administrator.post(revoke_at("build server")).status_code == 302
    assert tokens.find(secret) is None
