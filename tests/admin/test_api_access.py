"""Tokens are shown to administrators alone, and nothing is changed but to revoke; refused requests are to be seen."""

from __future__ import annotations

from django.test import Client

from marcus_events.access import tokens
from marcus_events.access.authentication import Caller
from marcus_events.core.filters import EventFilter
from marcus_events.http import rejected_requests
from marcus_events.log import read
from marcus_events.models import RefusedRequest, Token

TOKENS, REFUSED = "/admin/marcus_events/token/", "/admin/marcus_events/refusedrequest/"


def test_tokens_are_shown_without_what_they_are_known_by(administrator: Client) -> None:
    secret = tokens.create("build server")
    detail = administrator.get(f"{TOKENS}{Token.objects.get().pk}/change/")
    for response in (administrator.get(TOKENS), detail):
        page = response.content.decode()
        assert response.status_code == 200
        assert "build server" in page
        assert secret not in page
        assert "digest" not in page.lower()


def test_they_are_revoked_from_the_list_and_it_is_on_record(administrator: Client) -> None:
    secret = tokens.create("build server")
    chosen = {"action": "revoke", "_selected_action": [Token.objects.get().pk]}
    assert administrator.post(TOKENS, chosen).status_code == 302
    assert tokens.find(secret) is None
    [event] = read.events(EventFilter.parse("type:token_revoked"))
    assert event.event.source == "user:ann"
    assert event.data == {"by": "ann", "address": "127.0.0.1", "token": "build server"}


def test_a_token_is_neither_made_nor_changed_nor_deleted(administrator: Client, superuser: Client) -> None:
    tokens.create("build server")
    token = Token.objects.get()
    for client in (administrator, superuser):
        assert client.get(f"{TOKENS}add/").status_code == 403
        assert client.post(f"{TOKENS}add/", {"name": "x"}).status_code == 403
        assert client.post(f"{TOKENS}{token.pk}/change/", {"name": "x"}).status_code == 403
        assert client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(TOKENS, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})
    assert list(Token.objects.values()) == list(Token.objects.filter(name="build server").values()) != []


def test_whoever_is_no_administrator_sees_and_revokes_none(staff: Client) -> None:
    tokens.create("build server")
    token = Token.objects.get()
    assert staff.get(TOKENS).status_code == 403
    assert staff.get(f"{TOKENS}{token.pk}/change/").status_code == 403
    assert staff.post(TOKENS, {"action": "revoke", "_selected_action": [token.pk]}).status_code == 403
    assert Token.objects.get().revoked_at is None


def test_refused_requests_are_there_to_be_looked_at(administrator: Client) -> None:
    rejected_requests.record_rejection(401, "<b onload=x>", Caller("10.0.0.1"), "POST", "/api/events")
    rejected_requests.REJECTED_REQUESTS.stop()
    row = RefusedRequest.objects.get()
    assert "&lt;b onload=x&gt;" in administrator.get(REFUSED).content.decode()
    assert administrator.get(f"{REFUSED}{row.pk}/change/").status_code == 200
    assert administrator.get(f"{REFUSED}add/").status_code == 403
    assert administrator.post(f"{REFUSED}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RefusedRequest.objects.count() == 1
