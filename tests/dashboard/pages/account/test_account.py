"""Your account: profile, password, sessions and tokens; each change is one's own, and is written down."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.sign_in.session_details import browser_of
from marcus_events.access import roles, tokens
from marcus_events.core.event import utc_now
from marcus_events.models import Token
from tests.dashboard.pages.people.test_people import acts, made, now, signed_in
from tests.dashboard.reading import open_page

PASSWORD, OTHER = "a long enough one", "another fine secret"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ann(log: None) -> User:
    return made("ann", password=PASSWORD)


def by_password(name: str = "ann", password: str = PASSWORD, **headers: str) -> Client:
    client = Client()
    client.post("/sign-in/", {"username": name, "password": password}, headers=headers)
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def change_password(client: Client, old: str, new: str, again: str = "") -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/account/password/", form)


def recorded(*types: str) -> list[dict[str, Any]]:
    return [data for event_type, data in acts() if event_type in types]


def test_everybody_reaches_their_account_from_the_menu(ann: User) -> None:
    page = open_page(signed_in(ann), "/")
    assert "/account/" in page.leads()


def test_the_profile_is_saved_and_the_trail_names_what_changed_without_the_values(ann: User) -> None:
    client = signed_in(ann)
    form = {"act": "profile", "name": "Ann Lee", "email": "ann@example.org"}
    assert client.post("/account/", form).status_code == 302
    assert (now(ann).get_full_name(), now(ann).email) == ("Ann Lee", "ann@example.org")
    assert client.post("/account/", form).status_code == 302
    change = {"by": "ann", "user": "ann", "change": "name changed, email address changed"}
    assert recorded("account_changed") == [change]


def test_a_wrong_address_is_explained_and_nothing_is_saved(ann: User) -> None:
    response = signed_in(ann).post("/account/", {"act": "profile", "name": "Ann", "email": "nowhere"})
    assert response.status_code == 422
    assert 'id="email-error"' in response.content.decode()
    assert (now(ann).first_name, recorded("account_changed")) == ("", [])


def test_the_profile_form_changes_nothing_but_the_profile(ann: User) -> None:
    form = {"act": "profile", "name": "", "email": "", "username": "root", "is_superuser": "on", "is_staff": "on"}
    signed_in(ann).post("/account/", form)
    assert (now(ann).username, now(ann).is_superuser, now(ann).is_staff) == ("ann", False, False)


def test_a_new_password_keeps_this_session_and_ends_the_others(ann: User) -> None:
    here, elsewhere = by_password(), by_password()
    before = here.session.session_key
    assert change_password(here, PASSWORD, OTHER).status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert here.session.session_key != before
    assert (is_in(by_password(password=PASSWORD)), is_in(by_password(password=OTHER))) == (False, True)
    assert recorded("role_changed")[-1] == {"by": "ann", "user": "ann", "change": "password changed"}


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("", OTHER, OTHER),
        ("wrong", OTHER, OTHER),
        (PASSWORD, "short", "short"),
        (PASSWORD, "password1234", "password1234"),
        (PASSWORD, OTHER, OTHER + "x"),
    ],
)
def test_a_password_that_may_not_be_is_refused(ann: User, old: str, new: str, again: str) -> None:
    client = by_password()
    assert change_password(client, old, new, again).status_code == 422
    assert now(ann).check_password(PASSWORD)
    assert is_in(client)


def test_wrong_current_passwords_count_as_failed_sign_ins(ann: User) -> None:
    client = by_password()
    answers = [change_password(client, "wrong", OTHER).status_code for _ in range(6)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert change_password(client, PASSWORD, OTHER).status_code == 429
    assert now(ann).check_password(PASSWORD)


def test_whoever_has_no_password_sets_one_without_another(log: None) -> None:
    ben = made("ben")
    client = signed_in(ben)
    assert "Set password" in open_page(client, "/account/").text
    assert change_password(client, "", OTHER).status_code == 302
    assert is_in(client)
    assert is_in(by_password("ben", OTHER))


def test_sessions_are_listed_with_where_and_since_and_are_ended_singly_or_all(ann: User) -> None:
    here, second, third = by_password(), by_password(**{"user-agent": FIREFOX}), by_password()
    shown = here.get("/account/")
    assert "Firefox on Linux" in shown.content.decode()
    assert str(here.session.session_key) not in shown.content.decode()
    rows = shown.context["sessions"]
    assert [(row.is_current, row.address) for row in rows] == [(True, "127.0.0.1"), *[(False, "127.0.0.1")] * 2]
    (firefox,) = [row.id for row in rows if row.browser]
    here.post("/account/", {"act": "end-session", "session": firefox})
    assert [is_in(one) for one in (here, second, third)] == [True, False, True]
    here.post("/account/", {"act": "end-others"})
    assert [is_in(one) for one in (here, third)] == [True, False]
    here.post("/account/", {"act": "end-others"})
    assert [data["sessions"] for data in recorded("sessions_ended")] == ["1 other session of their own"] * 2


def test_nobody_ends_the_sessions_of_others(ann: User) -> None:
    theirs, ben = by_password(), signed_in(made("ben"))
    (row,) = theirs.get("/account/").context["sessions"]
    ben.post("/account/", {"act": "end-session", "session": row.id})
    ben.post("/account/", {"act": "end-others"})
    assert is_in(theirs)
    assert recorded("sessions_ended") == []


def test_own_tokens_are_listed_and_revoked_and_those_of_others_are_not(ann: User) -> None:
    root = made("root", roles.ADMINISTRATOR)
    tokens.create("of ann", created_by=ann.pk)
    tokens.create("of root", created_by=root.pk)
    tokens.create("of nobody")
    client = signed_in(ann)
    text = open_page(client, "/account/").text
    assert "of ann" in text
    assert "of root" not in text
    assert "of nobody" not in text
    for token in Token.objects.exclude(name="of ann"):
        assert client.post("/account/", {"act": "revoke", "token": str(token.pk)}).status_code == 404
    assert client.post("/account/", {"act": "revoke", "token": "x"}).status_code == 404
    mine = Token.objects.get(name="of ann")
    Token.objects.update(last_used_at=utc_now())
    assert client.post("/account/", {"act": "revoke", "token": str(mine.pk)}).status_code == 422
    Token.objects.update(last_used_at=None)
    assert client.post("/account/", {"act": "revoke", "token": str(mine.pk)}).status_code == 302
    assert set(Token.objects.filter(revoked_at=None).values_list("name", flat=True)) == {"of root", "of nobody"}
    assert recorded("token_revoked") == [{"by": "ann", "token": "of ann"}]


def test_a_token_belongs_to_whoever_made_it_in_integrations(log: None) -> None:
    root = made("root", roles.ADMINISTRATOR)
    form = {"name": "ci", "scopes": ["read"], "expires": "never"}
    assert signed_in(root).post("/integrations/tokens/", form).status_code == 200
    assert [token.created_by for token in Token.objects.filter(name="ci")] == [root]


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox on Linux"), ("", ""), ("curl/8", ""), ("Chrome/1 Safari/1 Edg/1 (Windows)", "Edge on Windows")],
)
def test_browsers_are_named(agent: str, name: str) -> None:
    assert browser_of(agent) == name
