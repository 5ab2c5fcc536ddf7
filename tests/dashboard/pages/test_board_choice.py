"""Boards in a form: chosen among thousands without a script, and what is not shown is not lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.board_choice import MAX_CHOSEN_SHOWN, MAX_OFFERED
from marcus_events.access import roles
from marcus_events.models import Token
from tests.dashboard.many import boards
from tests.dashboard.pages.people.test_people import made, signed_in
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document

MANY = 300


@pytest.fixture
def administrator(log: None) -> Client:
    boards(range(MANY))
    return signed_in(made("root", roles.ADMINISTRATOR))


def filled_in(html: str) -> dict[str, Any]:
    """The form as a browser would send it: what is ticked, chosen or hidden."""
    form: dict[str, Any] = {"boards": [], "shown": []}
    for _, field in Document(html).elements:
        name, kind = field.get("name", ""), field.get("type", "")
        if name in form and (kind == "hidden" or "checked" in field):
            form[name].append(field["value"])
        elif name in ("role", "sees") and "checked" in field:
            form[name] = field["value"]
    return form


def offered(html: str) -> list[str]:
    return [field["value"] for _, field in Document(html).elements if field.get("name") == "boards"]


def given(user: User) -> set[str]:
    return roles.granted_boards(user)


def post(client: Client, user: User, form: dict[str, Any], act: str, **changes: Any) -> str:
    return client.post(f"/people/{user.pk}/", form | {"act": act} | changes, follow=True).content.decode()


def test_few_boards_are_all_shown_and_nothing_is_searched(log: None) -> None:
    publish(event("project_created", project_name="Shop"), event("project_created", board="a/b", project_name="Odd"))
    page = signed_in(made("root", roles.ADMINISTRATOR)).get("/integrations/").content.decode()
    assert offered(page) == [quote("a/b", safe=""), "shop"] * 2  # of a token and of a webhook
    assert 'name="find_board"' not in page
    assert 'name="shown"' not in page


def test_of_many_only_some_are_shown_and_the_others_are_found_by_name(administrator: Client) -> None:
    ann = made("ann")
    page = administrator.get(f"/people/{ann.pk}/").content.decode()
    assert len(offered(page)) == MAX_OFFERED
    form = filled_in(page) | {"boards": ["board-0003"], "role": "manager"}
    page = post(administrator, ann, form, "find", find_board="Board 299")
    assert set(offered(page)) == {"board-0003", "board-0299"}
    assert given(ann) == set()
    form = filled_in(page)
    assert (form["boards"], form["role"]) == (["board-0003"], "manager")
    post(administrator, ann, form | {"boards": ["board-0003", "board-0299"]}, "save")
    assert given(ann) == {"board-0003", "board-0299"}


def test_grants_that_are_not_shown_are_kept_and_shown_ones_can_be_taken_away(administrator: Client) -> None:
    ann = made("ann")
    all_of_them = {f"board-{n:04}" for n in range(MANY)}
    roles.grant_boards(ann, all_of_them, every=False)
    page = administrator.get(f"/people/{ann.pk}/").content.decode()
    assert MAX_CHOSEN_SHOWN <= len(offered(page)) <= MAX_CHOSEN_SHOWN + MAX_OFFERED
    form = filled_in(page)
    form["boards"].remove("board-0000")
    page = post(administrator, ann, form, "find", find_board="board-0280")
    form = filled_in(page)
    assert "board-0280" in form["boards"]
    form["boards"].remove("board-0280")
    post(administrator, ann, form, "save")
    assert given(ann) == all_of_them - {"board-0000", "board-0280"}


def test_a_grant_of_a_board_that_is_gone_can_be_kept_and_taken(administrator: Client) -> None:
    ann = made("ann")
    roles.grant_boards(ann, ["gone"], every=False)
    form = filled_in(administrator.get(f"/people/{ann.pk}/").content.decode())
    assert form["boards"] == ["gone"]
    post(administrator, ann, form, "save")
    assert given(ann) == {"gone"}
    post(administrator, ann, form | {"boards": []}, "save")
    assert given(ann) == set()


def test_looking_for_boards_makes_nothing_and_says_nothing_of_what_is_missing(administrator: Client) -> None:
    for path, form in (("/people/", {"username": ""}), ("/integrations/tokens/", {"name": ""}), ("/alerts/", {})):
        response = administrator.post(path, form | {"act": "find", "find_board": "Board 17"})
        assert response.status_code == 200, path
        page = response.content.decode()
        assert "board-0170" in offered(page), path
        assert "field-error" not in page, path
    assert (User.objects.count(), Token.objects.count()) == (1, 0)


def test_a_token_for_a_board_that_was_found(administrator: Client) -> None:
    form = {"name": "t", "scopes": ["read"], "expires": "30", "boards": ["board-0299"], "shown": ["board-0299"]}
    administrator.post("/integrations/tokens/", form)
    assert Token.objects.get().boards == ["board-0299"]
    administrator.post("/integrations/tokens/", form | {"name": "u", "boards": ["board-9999"]})
    assert Token.objects.count() == 1
