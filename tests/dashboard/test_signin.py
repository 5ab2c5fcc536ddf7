"""Signing in: by name and password, or by a link that opens the door once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from dashboard.signin import VALID_FOR, OneTimeTokens, one_time_path, tokens

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def path_with(user: User, token: str) -> str:
    return reverse("sign-in-link", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def test_a_link_signs_in_and_leads_to_the_page(client: Client, user: User) -> None:
    response = client.get(one_time_path(user))
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_signed_in(client)
    assert "no-store" in response["Cache-Control"]


def test_a_link_works_once(client: Client, user: User) -> None:
    path = one_time_path(user)
    client.get(path)
    other = Client()
    response = other.get(path)
    assert response.status_code == 410
    assert "works once" in response.content.decode()
    assert not is_signed_in(other)


def test_who_only_looks_at_a_link_does_not_use_it_up(client: Client, user: User) -> None:
    path = one_time_path(user)
    assert Client().head(path).status_code == 302
    client.get(path)
    assert is_signed_in(client)


def test_a_look_at_a_link_signs_nobody_in(client: Client, user: User) -> None:
    client.head(one_time_path(user))
    assert not is_signed_in(client)


@pytest.mark.parametrize(("age", "opens"), [(VALID_FOR, True), (VALID_FOR + timedelta(seconds=1), False)])
def test_a_link_works_for_a_day(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch, age: timedelta, opens: bool
) -> None:
    path, now = one_time_path(user), datetime.now()  # noqa: DTZ005 - as Django's generator counts
    monkeypatch.setattr(OneTimeTokens, "_now", lambda self: now + age)
    client.get(path)
    assert is_signed_in(client) is opens


def test_a_link_is_void_after_the_password_was_changed(client: Client, user: User) -> None:
    path = one_time_path(user)
    user.set_password("another long one")
    user.save()
    assert client.get(path).status_code == 410


def test_a_link_of_one_who_may_not_sign_in_opens_nothing(client: Client, user: User) -> None:
    path = one_time_path(user)
    User.objects.update(is_active=False)
    assert client.get(path).status_code == 410
    assert not is_signed_in(client)


def test_a_link_signs_in_only_whom_it_was_made_for(client: Client, user: User) -> None:
    other = User.objects.create_user("grace", password=PASSWORD)
    token = one_time_path(user).split("/")[-2]
    assert client.get(path_with(other, token)).status_code == 410


def test_a_link_cannot_be_forged(client: Client, user: User) -> None:
    moment, _, keyed = tokens.make_token(user).partition("-")
    later = moment[:-1] + ("0" if moment[-1] == "z" else "z")
    for token in (f"{later}-{keyed}", f"{moment}-{keyed[:-1]}", f"{moment}-", "-", "x", f"{'z' * 40}-{keyed}", "é-ü"):
        assert client.get(path_with(user, token)).status_code == 410, token
    assert not is_signed_in(client)


@pytest.mark.parametrize("uid", ["x", "AA", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "_w", "MTI-", "é"])
def test_a_link_for_nobody_opens_nothing(client: Client, user: User, uid: str) -> None:
    assert client.get(reverse("sign-in-link", args=[uid, tokens.make_token(user)])).status_code == 410


def test_a_link_and_a_password_reset_do_not_open_each_others_door(client: Client, user: User) -> None:
    assert client.get(path_with(user, default_token_generator.make_token(user))).status_code == 410
    assert not default_token_generator.check_token(user, tokens.make_token(user))


def test_the_command_prints_a_link_that_works(client: Client, user: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("login_link", "ada")
    found = re.fullmatch(r"https?://[^/]+(/\S+)\n", capsys.readouterr().out)
    assert found
    client.get(found[1])
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
    assert "do not belong together" in page
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
    assert client.post("/sign-in/", {"username": "ada", "password": PASSWORD}).status_code == 403
    assert not is_signed_in(client)


def test_signing_out_ends_the_session_and_needs_more_than_a_link(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_signed_in(client)
