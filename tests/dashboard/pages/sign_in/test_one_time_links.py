"""Signing in: by name and password, or by a link that opens the door once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import F
from django.test import Client

from dashboard.pages.sign_in.one_time_links import VALID_FOR, one_time_path
from marcus_events.access import roles
from marcus_events.access.sessions import visibility_of_session
from marcus_events.core.event import utc_now
from marcus_events.models import Session, SignInLink

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def press(client: Client, path: str) -> Any:
    """The button of the link's page."""
    return client.post(path)


def test_a_link_shows_a_button_that_signs_in_and_leads_to_the_page(client: Client, user: User) -> None:
    path = one_time_path(user)
    page = client.get(path)
    assert "Sign in as <bdi>ada</bdi>" in page.content.decode()
    response = press(client, path)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_signed_in(client)


def test_a_link_works_once(client: Client, user: User) -> None:
    path = one_time_path(user)
    press(client, path)
    other = Client()
    for response in (other.get(path), press(other, path)):
        assert response.status_code == 410
        assert "works once" in response.content.decode()
    assert not is_signed_in(other)


def test_a_program_that_opens_a_link_signs_nobody_in_and_does_not_use_it_up(client: Client, user: User) -> None:
    path, scanner = one_time_path(user), Client()
    for page_state in (scanner.get, scanner.head, scanner.get):
        assert page_state(path).status_code == 200
    assert not is_signed_in(scanner)
    press(client, path)
    assert is_signed_in(client)


def test_a_links_page_is_kept_nowhere_and_tells_no_other_site_its_address(client: Client, user: User) -> None:
    path = one_time_path(user)
    for response in (client.get(path), press(client, path), client.get(path)):
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "strict-origin"


def test_the_secret_of_a_link_is_stored_nowhere(user: User) -> None:
    secret = one_time_path(user).split("/")[-2]
    (link,) = SignInLink.objects.all()
    assert bytes(link.digest) == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(vars(link))


def test_whoever_is_signed_in_is_asked_before_the_browser_becomes_somebody_elses(client: Client, user: User) -> None:
    client.force_login(User.objects.create_user("grace"))
    path, key = one_time_path(user), client.session.session_key
    page = client.get(path).content.decode()
    assert "signed in as <b><bdi>grace</bdi></b>" in page
    assert "Continue as <bdi>ada</bdi>" in page
    assert client.session["_auth_user_id"] != str(user.pk)
    press(client, path)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert not Session.objects.filter(session_key=key).exists()


def test_whoever_is_signed_in_already_is_told_so(client: Client, user: User) -> None:
    client.force_login(user)
    page = client.get(one_time_path(user)).content.decode()
    assert "already signed in" in page
    assert "<form" not in page


def test_a_link_needs_its_forms_own_token(user: User) -> None:
    client, path = Client(enforce_csrf_checks=True), one_time_path(user)
    assert press(client, path).status_code == 403
    assert not is_signed_in(client)
    client.get(path)
    assert client.post(path, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}).status_code == 302


def test_a_sign_in_takes_a_new_session_key(client: Client, user: User) -> None:
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    press(client, one_time_path(user))
    assert client.session.session_key != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


@pytest.mark.parametrize(("age", "opens"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_a_link_works_for_a_day(client: Client, user: User, age: timedelta, opens: bool) -> None:
    path = one_time_path(user)
    SignInLink.objects.update(expires_at=F("expires_at") - VALID_FOR - age + timedelta(minutes=1 if opens else 0))
    press(client, path)
    assert is_signed_in(client) is opens


def test_expired_links_are_deleted(user: User) -> None:
    one_time_path(user)
    SignInLink.objects.update(expires_at=utc_now())
    one_time_path(user)
    assert SignInLink.objects.count() == 1


def change_password(user: User) -> None:
    user.set_password("another long one")
    user.save()


def lock_out_and_let_in(user: User) -> None:
    for is_active in (False, True):
        User.objects.filter(pk=user.pk).update(is_active=is_active)


def sign_in_elsewhere(user: User) -> None:
    Client().post("/sign-in/", {"username": "ada", "password": PASSWORD})


@pytest.mark.parametrize("act", [change_password, lock_out_and_let_in, sign_in_elsewhere])
def test_a_link_is_void_after(client: Client, user: User, act: Callable[[User], None]) -> None:
    path = one_time_path(user)
    act(user)
    assert client.get(path).status_code == 410
    assert press(client, path).status_code == 410
    assert not is_signed_in(client)


@pytest.mark.parametrize("act", [change_password, lock_out_and_let_in])
def test_a_session_is_over_for_good_after(client: Client, user: User, act: Callable[[User], None]) -> None:
    client.force_login(user)
    key = str(client.session.session_key)
    act(user)
    assert client.get("/alerts/").status_code == 302
    assert visibility_of_session(key) is None


def test_a_new_role_ends_no_session(client: Client, user: User) -> None:
    client.force_login(user)
    roles.assign_role(user, roles.MANAGER)
    assert is_signed_in(client)


def test_a_link_of_one_who_may_not_sign_in_opens_nothing(client: Client, user: User) -> None:
    User.objects.update(is_active=False)
    path = one_time_path(user)
    assert client.get(path).status_code == 410
    assert press(client, path).status_code == 410
    assert not is_signed_in(client)


@pytest.mark.parametrize("secret", ["x", "x/y", "-", "é", "%00", "a" * 5_000])
def test_a_link_that_nobody_made_opens_nothing(client: Client, user: User, secret: str) -> None:
    one_time_path(user)
    assert client.get(f"/sign-in/link/{secret}/").status_code == 410
    assert press(client, f"/sign-in/link/{secret}/").status_code == 410
    assert not is_signed_in(client)


def test_the_command_prints_a_link_that_works(client: Client, user: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("login_link", "ada")
    found = re.fullmatch(r"https?://[^/]+(/\S+)\n", capsys.readouterr().out)
    assert found
    press(client, found[1])
    assert is_signed_in(client)


def test_the_command_makes_no_link_for_one_who_may_not_sign_in(user: User) -> None:
    User.objects.update(is_active=False)
    for name in ("ada", "nobody"):
        with pytest.raises(CommandError, match=f"no active user {name}"):
            call_command("login_link", name)


def test_name_and_password_sign_in(client: Client, user: User) -> None:
    response = client.post("/sign-in/?next=/blocked/", {"username": "ada", "password": PASSWORD, "next": "/blocked/"})
    assert (response.status_code, response["Location"]) == (302, "/blocked/")
    assert is_signed_in(client)


@pytest.mark.parametrize("name", ["ada", '"><img src=x>'])
def test_a_wrong_password_is_explained_and_the_name_kept(client: Client, user: User, name: str) -> None:
    page = client.post("/sign-in/", {"username": name, "password": "a guess"}).content.decode()
    assert "Wrong username or password" in page
    assert "<img" not in page
    assert not is_signed_in(client)


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(client: Client, user: User, address: str) -> None:
    asked = client.get("/sign-in/", {"next": address})
    assert "evil" not in asked.content.decode()
    response = client.post("/sign-in/", {"username": "ada", "password": PASSWORD, "next": address})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize("address", ELSEWHERE)
def test_one_who_is_signed_in_is_not_led_to_another_site_either(client: Client, user: User, address: str) -> None:
    client.force_login(user)
    assert client.get("/sign-in/", {"next": address})["Location"] == "/"


def test_signing_in_needs_the_forms_own_token(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert (answer.status_code, "This page is out of date" in answer.content.decode()) == (403, True)
    assert not is_signed_in(client)


def test_signing_out_ends_the_session_and_needs_more_than_a_link(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_signed_in(client)
