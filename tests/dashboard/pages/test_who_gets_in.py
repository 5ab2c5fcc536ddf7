"""Who gets in: nobody without signing in, to any page there is or will be; and nobody gets a broken page."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, reverse

from dashboard.urls import urlpatterns
from tests.dashboard.publishing import project, publish

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
PUBLIC = {"sign-in", "sign-in-link"}  # which cannot ask for what they are there to give
ODD_QUERIES: list[dict[str, str]] = [
    {},
    {"board": "no such board", "task": "\0", "agent": "\n", "type": "*" * 600, "category": "sorcery", "sort": "luck"},
    {"q": 'type:"'},
    {"q": "colour:red", "board": "a/b?c#d"},
    {"q": "\0"},
    {"before": "-1", "after": "9" * 30},
    {"before": "١٢", "after": "1e3"},
    {"before": "0", "after": "0"},
    {"board": "\0\ud800".encode("utf-8", "replace").decode()},
]


def address_of(pattern: URLPattern) -> str:
    """An address of this pattern: where it takes a number 1, where it takes a text that of a board."""
    converters = pattern.pattern.converters
    values: dict[str, Any] = {name: 1 if kind.regex == "[0-9]+" else "shop" for name, kind in converters.items()}
    return reverse(str(pattern.name), kwargs=values)


PAGES = {str(pattern.name): address_of(pattern) for pattern in urlpatterns}
GUARDED = {name: address for name, address in PAGES.items() if name not in PUBLIC}


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", GUARDED)
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str, method: str) -> None:
    response = getattr(client, method)(GUARDED[name])
    if response.status_code != 405:
        assert response.status_code == 302
        assert response["Location"] == f"{settings.LOGIN_URL}?next={GUARDED[name]}"


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_is_public_signs_nobody_in_by_itself(client: Client, name: str, method: str) -> None:
    response = getattr(client, method)(PAGES[name])
    assert response.status_code in (200, 405, 410)
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_one_who_may_no_longer_sign_in_is_out(viewer: Client, user: User) -> None:
    assert viewer.get("/boards/").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert viewer.get("/boards/").status_code == 302


@pytest.mark.parametrize("is_busy", [False, True], ids=["empty", "busy"])
def test_no_address_breaks_a_page(viewer: Client, is_busy: bool) -> None:
    if is_busy:
        publish(*project())
    for name, address in GUARDED.items():
        for query in ODD_QUERIES:
            if name != "sign-out":
                response = viewer.get(address, query)
                assert response.status_code in (200, 302, 400, 403, 404, 405), f"{name} {query}"


@pytest.mark.parametrize("path", ["/boards/%00/", "/boards/%0A/", "/activity/99999999999999999999/", "/nowhere/"])
def test_what_is_not_there_is_said_to_be_missing(viewer: Client, path: str) -> None:
    response = viewer.get(path)
    assert response.status_code == 404
    assert "Page not found" in response.content.decode()
