"""Single sign-on by a proxy's header: believed where it is switched on, and for names that a user can have."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from config import environment
from marcus_events.doors.roles import VIEWER, role_of
from marcus_events.doors.sight import NOTHING, sight_of

pytestmark = pytest.mark.usefixtures("log")
HEADER = "X-Remote-User"
SIGN_IN = "django.contrib.auth.middleware.LoginRequiredMiddleware"


@pytest.fixture
def proxied(settings: Settings) -> Client:
    """As the settings are with MARCUS_HTTPS=1 and MARCUS_REMOTE_USER_HEADER."""
    at = configured.MIDDLEWARE.index(SIGN_IN)
    with_proxy = [*configured.MIDDLEWARE[:at], "dashboard.proxy_users.ProxyUserMiddleware", *configured.MIDDLEWARE[at:]]
    settings.MIDDLEWARE = with_proxy
    settings.AUTHENTICATION_BACKENDS = [
        *configured.AUTHENTICATION_BACKENDS,
        "dashboard.proxy_users.ProxyUserBackend",
    ]
    settings.REMOTE_USER_HEADER = HEADER
    return Client()


def status(client: Client, name: str | None) -> int:
    headers: dict[str, Any] = {} if name is None else {HEADER: name}
    return client.get("/boards/", headers=headers).status_code


def test_whom_the_proxy_names_is_signed_in_and_who_is_new_watches_no_board(proxied: Client) -> None:
    assert status(proxied, "ann@example.org") == 200
    user = User.objects.get()
    assert (user.username, role_of(user), sight_of(user)) == ("ann@example.org", VIEWER, NOTHING)
    assert not user.has_usable_password()


def test_the_header_holds_for_its_request_alone(proxied: Client) -> None:
    assert status(proxied, "ann") == 200
    assert status(proxied, None) == 302
    assert status(proxied, "bob") == 200
    assert set(User.objects.values_list("username", flat=True)) == {"ann", "bob"}


def test_another_name_is_another_person(proxied: Client) -> None:
    for name in ("ann", "bob"):
        page = proxied.get("/boards/", headers={HEADER: name}).content.decode()
        assert f"Signed in as <b><bdi>{name}</bdi></b>" in page


@pytest.mark.parametrize("name", ["", " ", "ann,bob", "a\0b", "x" * 151, "<b>", "ann bob"])
def test_a_name_that_no_user_can_have_is_nobody(proxied: Client, name: str) -> None:
    assert status(proxied, name) == 302
    assert not User.objects.exists()


def test_who_was_locked_out_stays_so(proxied: Client) -> None:
    User.objects.create_user("ann", is_active=False)
    assert status(proxied, "ann") == 302


def test_one_who_signs_in_with_a_password_needs_no_header(proxied: Client) -> None:
    User.objects.create_user("ann", password="a long enough one")
    proxied.post("/sign-in/", {"username": "ann", "password": "a long enough one"})
    assert status(proxied, None) == 200


def test_it_is_off_by_default(client: Client) -> None:
    assert configured.REMOTE_USER_HEADER == ""
    assert status(client, "ann") == 302
    assert client.get("/boards/", REMOTE_USER="ann").status_code == 302


def test_without_a_proxy_it_cannot_be_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_REMOTE_USER_HEADER", HEADER)
    assert environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=True) == HEADER
    with pytest.raises(ImproperlyConfigured, match="MARCUS_HTTPS=1"):
        environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=False)


@pytest.mark.parametrize("name", ["X Remote", "X_Remote_User", "X-Remote-User:", "é"])
def test_what_names_no_header_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MARCUS_REMOTE_USER_HEADER", name)
    with pytest.raises(ImproperlyConfigured, match="name of a header"):
        environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=True)
