"""The admin is for administrators: who may not is told so on our page, who is not signed in comes to our door."""

from __future__ import annotations

import re

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client

from marcus_events.models import BoardAccess
from tests.admin.conftest import signed_in

MODELS = [
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for model in admin.site._registry
    if model._meta.app_label in {"auth", "marcus_events"}
]
OF_THE_SITE = ["/admin/", "/admin/auth/", "/admin/marcus_events/", "/admin/jsi18n/", "/admin/nowhere/"]


def test_who_has_every_other_permission_and_is_staff_gets_our_403(staff: Client) -> None:
    for path in [*MODELS, *OF_THE_SITE]:
        response = staff.get(path)
        assert response.status_code == 403, path
        assert "Access denied" in response.content.decode()


def test_every_list_is_open_to_superusers_and_administrators(superuser: Client, administrator: Client) -> None:
    for client in (superuser, administrator):
        index = client.get("/admin/").content.decode()
        for path in MODELS:
            assert client.get(path).status_code == 200, path
            assert f'href="{path}"' in index


def test_a_stranger_is_sent_to_the_door_of_the_site_and_comes_back(log: None) -> None:
    first = Client().get("/admin/auth/user/", follow=True)
    assert first.redirect_chain[-1][0] == "/sign-in/?next=/admin/auth/user/"
    assert Client().post("/admin/login/", {"username": "root", "password": "x"}).status_code == 302


def test_an_inactive_administrator_is_nobody(ann: User, administrator: Client) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert administrator.get("/admin/").status_code == 302


def test_who_may_not_open_it_is_not_led_there(staff: Client, administrator: Client) -> None:
    assert 'href="/admin/"' not in staff.get("/").content.decode()
    assert 'href="/admin/"' in administrator.get("/").content.decode()


def test_signing_out_there_signs_out(ann: User) -> None:
    client = signed_in(ann)
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_no_page_has_a_style_or_a_script_of_its_own(superuser: Client) -> None:
    for path in [*MODELS, "/admin/", "/admin/auth/user/add/", "/admin/password_change/"]:
        page = superuser.get(path).content.decode()
        assert not re.search(r"<style|<script>|\s(style|on\w+)=", page), path
        assert "admin/css/base.css" not in page


def test_access_is_given_to_a_user_or_a_group_and_never_to_both_or_neither(ann: User, administrator: Client) -> None:
    group = Group.objects.create(name="testers")
    path = "/admin/marcus_events/boardaccess/add/"
    for given in ({}, {"user": ann.username, "group": str(group.pk)}):
        refused = administrator.post(path, {"board_id": "shop"} | given)
        assert refused.status_code == 200
        assert "Choose either a user or a group." in refused.content.decode()
    assert not BoardAccess.objects.filter(board_id="shop").exists()
    for given in ({"user": ann.username}, {"group": str(group.pk)}):
        assert administrator.post(path, {"board_id": "shop"} | given).status_code == 302
