"""What went wrong is said inside the shell to who is signed in, and plainly to everybody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client

from dashboard.pages.find import views
from marcus_events.log.statement_timeout import QueryTimeout
from tests.dashboard.publishing import project, publish
from tests.dashboard.reading import Document, open_page

pytestmark = pytest.mark.usefixtures("log")


def failing(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int) -> Document:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(views, "results", fail)
    client.raise_request_exception = False
    return open_page(client, "/find/?q=bread", status=status)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SuspiciousOperation("odd"), 400, "Request rejected"),
        (RuntimeError("secret"), 500, "Something went wrong"),
        (QueryTimeout(), 503, "taking too long"),
    ],
)
def test_an_error_is_told_of_with_its_address_and_ways_on(
    viewer: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    page = failing(viewer, monkeypatch, error, status)
    assert words in page.text
    assert "/find/?q=bread" in page.text
    assert "secret" not in page.text
    assert {"/activity/", "/find/", "/sign-out/"} <= set(page.leads())
    assert page.with_id("palette")


def test_what_is_denied_or_not_there_is_told_of_inside_the_shell(viewer: Client) -> None:
    for address, status in (("/people/", 403), ("/nowhere/", 404), ("/boards/nothing/", 404)):
        page = open_page(viewer, address, status=status)
        assert page.with_id("palette"), address
        assert address in page.text


def test_a_hidden_board_is_not_told_from_one_that_does_not_exist(user: Any) -> None:
    publish(*project())
    user.user_permissions.clear()
    client = Client()
    client.force_login(user)
    hidden, missing = open_page(client, "/boards/shop/", status=404), open_page(client, "/boards/none/", status=404)
    assert hidden.text.replace("shop", "none") == missing.text


def test_an_error_is_plain_where_nobody_is_signed_in_or_the_shell_cannot_be_made(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("django.contrib.auth.models.User.has_perm", fail)
    page = open_page(viewer, "/nowhere/", status=404)
    assert "There is no page at this address." in page.text
    assert not page.with_id("palette")
