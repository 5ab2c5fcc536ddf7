"""The page of people: who may open it, what it does, and that each act is written down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.visibility import EVERYTHING, NOTHING, Visibility, visibility_of
from marcus_events.access import roles
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page

CHANGE_OF_ALL = {"every_board": False, "given": [], "taken": [], "change": "no longer all boards"}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def administrator(log: None) -> Client:
    publish(
        event("project_created", board="a/b,c", project_name=HOSTILE), event("project_created", project_name="Shop")
    )
    return signed_in(made("root", roles.ADMINISTRATOR))


def made(name: str, role: str = roles.VIEWER, **fields: Any) -> User:
    user = User.objects.create_user(name, **fields)
    roles.assign_role(user, role)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(client: Client, user: User, status: int = 302, **form: Any) -> str:
    response = client.post(f"/people/{user.pk}/", {"act": "save", "role": "viewer", "sees": "some"} | form)
    assert response.status_code == status
    return response.content.decode()


def now(user: User) -> User:
    return User.objects.get(pk=user.pk)


def acts() -> list[tuple[str, dict[str, Any]]]:
    """What was written down, oldest first."""
    wanted = EventFilter().with_term("source", "user:*")
    found = read.events(wanted, newest_first=False)
    return [(row.event_type, {name: value for name, value in row.data.items() if name != "address"}) for row in found]


def test_a_person_is_made_with_a_role_and_boards_and_is_given_a_link(administrator: Client) -> None:
    form = {"username": "ann", "role": "manager", "sees": "some", "boards": ["a%2Fb%2Cc"]}
    response = administrator.post("/people/", form)
    ann = User.objects.get(username="ann")
    assert (roles.role_of(ann), visibility_of(ann)) == (roles.MANAGER, Visibility(frozenset({"a/b,c"})))
    assert "no-store" in response["Cache-Control"]
    link = re.search(
        r"<code id=\"sign-in-link\">http://testserver(/sign-in/link/[^<]+)</code>", response.content.decode()
    )
    assert link
    theirs = Client()
    assert theirs.post(link[1]).status_code == 302
    assert theirs.get("/").status_code == 200
    assert [name for name, _ in acts()] == ["role_changed", "board_access_changed", "sign_in_link_made"]
    assert link[1] not in str(acts())


@pytest.mark.parametrize("name", ["", "root", "ROOT", "a b", "a\0b", "x" * 151, "<b>"])
def test_a_name_that_cannot_be_is_explained_and_nobody_made(administrator: Client, name: str) -> None:
    response = administrator.post("/people/", {"username": name, "role": "viewer", "sees": "some"})
    assert response.status_code == 422
    assert 'id="username-error"' in response.content.decode()
    assert User.objects.count() == 1
    assert acts() == []


def test_a_role_and_boards_are_given_and_taken_and_each_change_is_written_down(administrator: Client) -> None:
    ann = made("ann")
    change(administrator, ann, role="manager", boards=["shop"])
    assert (roles.role_of(now(ann)), visibility_of(now(ann))) == (roles.MANAGER, Visibility(frozenset({"shop"})))
    change(administrator, ann, role="manager", boards=["shop"])
    change(administrator, ann, role="manager", sees="every")
    assert visibility_of(now(ann)) == Visibility(None)
    change(administrator, ann, role="administrator")
    assert visibility_of(now(ann)) == EVERYTHING
    change(administrator, ann)
    assert visibility_of(now(ann)) == NOTHING
    about = {"by": "root", "user": "ann"}
    assert acts() == [
        ("role_changed", about | {"role": "manager", "before": "viewer"}),
        (
            "board_access_changed",
            about | {"every_board": False, "given": ["shop"], "taken": [], "change": "added Shop"},
        ),
        ("board_access_changed", about | {"every_board": True, "given": [], "taken": ["shop"], "change": "all boards"}),
        ("role_changed", about | {"role": "administrator", "before": "manager"}),
        ("board_access_changed", about | CHANGE_OF_ALL),
        ("role_changed", about | {"role": "viewer", "before": "administrator"}),
    ]


@pytest.mark.parametrize(
    "form", [{"role": "king"}, {"sees": "all"}, {"boards": ["nowhere"]}, {"boards": ["%00"]}, {"role": ""}]
)
def test_what_there_is_not_cannot_be_given(administrator: Client, form: dict[str, Any]) -> None:
    ann = made("ann")
    change(administrator, ann, 422, **form)
    assert (roles.role_of(now(ann)), visibility_of(now(ann)), acts()) == (roles.VIEWER, NOTHING, [])


def test_who_is_locked_out_is_out_at_once_and_comes_back_when_let_in(administrator: Client) -> None:
    ann = made("ann")
    theirs = signed_in(ann)
    assert theirs.get("/").status_code == 200
    for wrong in ({}, {"confirm": "Ann"}, {"confirm": "root"}):
        refused = administrator.post(f"/people/{ann.pk}/", {"act": "lock-out"} | wrong)
        assert refused.status_code == 422
        assert "Type ann to confirm." in refused.content.decode()
    assert theirs.get("/").status_code == 200
    administrator.post(f"/people/{ann.pk}/", {"act": "lock-out", "confirm": "ann"})
    assert theirs.get("/").status_code == 302
    assert "Deactivated" in open_page(administrator, "/people/").text
    assert administrator.post(f"/people/{ann.pk}/", {"act": "link"}).status_code == 404
    administrator.post(f"/people/{ann.pk}/", {"act": "let-in"})
    assert theirs.get("/").status_code == 302
    assert signed_in(now(ann)).get("/").status_code == 200
    assert [data["state"] for _, data in acts()] == ["deactivated", "reactivated"]


def test_nobody_changes_themselves_nor_a_superuser_who_is_none(administrator: Client) -> None:
    myself, boss = User.objects.get(username="root"), User.objects.create_superuser("boss")
    for user in (myself, boss):
        for act in ("save", "link", "lock-out"):
            response = administrator.post(f"/people/{user.pk}/", {"act": act, "role": "viewer", "sees": "some"})
            assert response.status_code == 403, f"{user} {act}"
        assert 'name="act" value="save"' not in administrator.get(f"/people/{user.pk}/").content.decode()
    assert signed_in(boss).post(f"/people/{myself.pk}/", {"act": "lock-out", "confirm": "root"}).status_code == 302


def test_the_list_says_of_each_what_they_are_and_see(administrator: Client) -> None:
    roles.grant_boards(made("ann", roles.MANAGER), ["a/b,c", "shop"], every=False)
    made("bob", is_active=False)
    page = administrator.get("/people/").content.decode()
    text = re.sub(r"\s+", " ", open_page(administrator, "/people/").text)
    assert "ann Manager" in text
    assert f"{HOSTILE}, Shop" in text
    assert HOSTILE not in page
    assert "root you Administrator All boards" in text
    assert "bob Deactivated none yet never" in text


def test_many_people_cost_no_more_queries_than_few(administrator: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(20):
        roles.grant_boards(made(f"u{n}"), ["shop"], every=False)
    with django_assert_max_num_queries(40):
        administrator.get("/people/")


def test_the_way_there_is_shown_to_those_alone_who_may_go_it(administrator: Client) -> None:
    assert "/people/" in open_page(administrator, "/").leads()
    assert "/people/" not in open_page(signed_in(made("ann", roles.MANAGER)), "/").leads()


def test_a_session_lives_on_while_it_is_used_and_costs_one_write_a_day(administrator: Client) -> None:
    administrator.get("/")
    expiry = administrator.session.get_expiry_date()
    administrator.get("/boards/")
    session = administrator.session
    assert session["used_on"]
    assert abs((session.get_expiry_date() - expiry).total_seconds()) < 60
    session["used_on"] = "yesterday"
    session.save()
    administrator.get("/boards/")
    assert administrator.session["used_on"] != "yesterday"


def test_signing_in_changes_the_session_and_a_new_password_ends_all_others(log: None) -> None:
    ann = made("ann", password="a long enough one")
    first, second = Client(), Client()
    first.get("/sign-in/")
    before = first.session.session_key
    for client in (first, second):
        client.post("/sign-in/", {"username": "ann", "password": "a long enough one"})
        assert client.get("/").status_code == 200
    assert first.session.session_key != before
    ann.set_password("another long one")
    ann.save()
    assert {client.get("/").status_code for client in (first, second)} == {302}


def test_who_sees_no_board_is_told_whom_to_ask(administrator: Client) -> None:
    ann = made("ann")
    theirs = signed_in(ann)
    for path in ("/", "/boards/", "/activity/", "/blocked/", "/agents/"):
        assert "You do not have access to any boards yet" in open_page(theirs, path).text, path
    assert "ask root." in open_page(theirs, "/").text
    roles.grant_boards(ann, ["shop"], every=False)
    assert "You do not have access to any boards yet" not in open_page(theirs, "/").text


def test_the_trail_says_in_words_whose_access_to_which_board_changed(administrator: Client) -> None:
    ann = made("ann")
    change(administrator, ann, boards=["shop", "a%2Fb%2Cc"])
    change(administrator, ann, role="manager")
    text = open_page(administrator, "/audit/").text
    assert f"Root changed board access for ann: added {HOSTILE}, Shop" in text
    assert f"Root changed board access for ann: removed {HOSTILE}, Shop" in text
    assert "Root changed ann: role manager, was viewer" in text


def test_names_and_addresses_are_shown_and_found(administrator: Client) -> None:
    ann = made("ann", first_name="Ann Lee", email="ann@example.org")
    made("ben")
    for query in ("", "?q=lee", "?q=@example"):
        text = open_page(administrator, f"/people/{query}").text
        assert "Ann Lee" in text
        assert "ann@example.org" in text
        assert ("ben" in text) == (query == "")
    assert "ann@example.org" in open_page(administrator, f"/people/{ann.pk}/").text


def test_a_link_can_be_copied_and_says_until_when_it_is_valid(administrator: Client) -> None:
    ann = made("ann")
    page = administrator.post(f"/people/{ann.pk}/", {"act": "link"}).content.decode()
    assert 'data-copy="sign-in-link"' in page
    assert "Works once, until <time" in page
    later = administrator.get(f"/people/{ann.pk}/").content.decode()
    assert "It is valid until <time" in later
    assert "/sign-in/link/" not in later
