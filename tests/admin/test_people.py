"""Nobody rises by the admin above what they are, and nobody is deleted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.dashboard.pages.test_hostile import MARKUP

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
SUPER = {"is_superuser": "on", "is_staff": "on"}


def change(client: Client, user: User, **fields: object) -> int:
    form = {"username": user.username, "is_active": "on"} | fields
    return client.post(f"{USERS}{user.pk}/change/", form).status_code


@pytest.fixture
def bo(log: None) -> User:
    return User.objects.create_user("bo", password="a long enough one")


def test_an_administrator_makes_nobody_a_superuser(administrator: Client, ann: User, bo: User) -> None:
    every = list(Permission.objects.values_list("pk", flat=True))
    for user in (ann, bo):
        assert change(administrator, user, **SUPER, user_permissions=every) == 302
        user.refresh_from_db()
        assert not user.is_superuser
        assert not user.is_staff
    assert bo.user_permissions.count() == 0


def test_nor_by_adding_somebody(administrator: Client) -> None:
    form = {"username": "new", "usable_password": "false", **SUPER}
    assert administrator.post(f"{USERS}add/", form).status_code == 302
    assert not User.objects.get(username="new").is_superuser


def test_nor_do_they_change_a_superuser_or_the_password_of_one(administrator: Client, root: User) -> None:
    before = User.objects.values().get(pk=root.pk)
    assert change(administrator, root, username="mine") == 403
    password = {"password1": "another long one", "password2": "another long one", "set-password": "1"}
    assert administrator.post(f"{USERS}{root.pk}/password/", password).status_code == 403
    assert administrator.get(f"{USERS}{root.pk}/password/").status_code == 403
    assert User.objects.values().get(pk=root.pk) == before
    assert administrator.get(f"{USERS}{root.pk}/change/").status_code == 200  # to look at


def test_nor_what_a_role_may(administrator: Client) -> None:
    group = Group.objects.create(name="painters")
    assert administrator.post(f"{GROUPS}{group.pk}/change/", {"name": "mine"}).status_code == 403
    assert administrator.post(f"{GROUPS}add/", {"name": "mine"}).status_code == 403
    assert administrator.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "painters" in administrator.get(GROUPS).content.decode()


def test_an_administrator_gives_roles_and_lets_go(administrator: Client, bo: User) -> None:
    group = Group.objects.create(name="painters")
    assert change(administrator, bo, groups=[group.pk]) == 302
    assert list(bo.groups.all()) == [group]
    assert "painters" in administrator.get(USERS).content.decode()
    assert change(administrator, bo, is_active="") == 302
    bo.refresh_from_db()
    assert not bo.is_active


def test_a_superuser_gives_everything(superuser: Client, bo: User) -> None:
    assert change(superuser, bo, **SUPER) == 302
    bo.refresh_from_db()
    assert bo.is_superuser


def test_nobody_is_deleted(superuser: Client, bo: User) -> None:
    assert superuser.post(f"{USERS}{bo.pk}/delete/", {"post": "yes"}).status_code == 403
    superuser.post(USERS, {"action": "delete_selected", "_selected_action": [bo.pk], "post": "yes"})
    assert User.objects.filter(pk=bo.pk).exists()


def test_passwords_are_not_looked_for(administrator: Client) -> None:
    assert administrator.get(f"{USERS}?password__startswith=pbkdf2").status_code == 400


def test_hostile_names_are_text(administrator: Client) -> None:
    user = User.objects.create_user("x", first_name=MARKUP[:150], last_name="y" * 150)
    group = Group.objects.create(name=MARKUP[:150])
    user.groups.add(group)
    for path in (
        USERS,
        f"{USERS}{user.pk}/change/",
        f"{USERS}{user.pk}/history/",
        GROUPS,
        f"{GROUPS}{group.pk}/change/",
    ):
        page = administrator.get(path).content.decode()
        assert MARKUP[:150] not in page, path
