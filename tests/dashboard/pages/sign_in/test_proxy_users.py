"""Single sign-on is off by default, and cannot be switched on by halves. What it does is tested in tests/proxy."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from config import environment

HEADER = "X-Remote-User"


@pytest.mark.usefixtures("log")
def test_it_is_off_by_default(client: Client) -> None:
    assert settings.REMOTE_USER_HEADER == ""
    assert client.get("/boards/", headers={HEADER: "ann"}).status_code == 302
    assert client.get("/boards/", REMOTE_USER="ann").status_code == 302


def test_without_a_proxy_it_cannot_be_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_REMOTE_USER_HEADER", HEADER)
    assert environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=True) == HEADER
    with pytest.raises(ImproperlyConfigured, match="MARCUS_HTTPS=1"):
        environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=False)


@pytest.mark.parametrize("name", ["X Remote", "X_Remote_User", "X-Remote-User:", "é"])
def test_what_names_no_header_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MARCUS_REMOTE_USER_HEADER", name)
    with pytest.raises(ImproperlyConfigured, match="header name"):
        environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=True)
