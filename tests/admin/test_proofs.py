"""What is kept, who may see which board and what people search for, in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from dashboard.models import SavedSearch
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import BoardAccess, RetentionPolicy, RetentionRun, Verification

pytestmark = pytest.mark.usefixtures("log")
MARKUP = "<script>alert(1)</script>"


def test_what_is_kept_is_shown_and_nothing_of_it_is_changed_here(administrator: Client) -> None:
    policy = RetentionPolicy.objects.create(pattern=MARKUP, keep_days=9)
    run = RetentionRun.objects.create(started_at=utc_now(), removed=12_345, held_by=MARKUP)
    verification = Verification.objects.create(by=MARKUP)
    for name, row in (("retentionpolicy", policy), ("retentionrun", run), ("verification", verification)):
        for address in (f"/admin/marcus_events/{name}/", f"/admin/marcus_events/{name}/{row.pk}/change/"):
            page = administrator.get(address)
            assert page.status_code == 200, address
            assert MARKUP not in page.content.decode()
        assert administrator.post(f"/admin/marcus_events/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "12,345" in administrator.get("/admin/marcus_events/retentionrun/").content.decode()
    assert administrator.get("/admin/marcus_events/redaction/").status_code == 200


def test_a_board_is_given_to_a_group_and_taken_away_on_record(administrator: Client) -> None:
    group = Group.objects.create(name="painters")
    given = {"board_id": "shop", "group": group.pk, "user": ""}
    assert administrator.post("/admin/marcus_events/boardaccess/add/", given).status_code == 302
    access = BoardAccess.objects.get()
    assert access.group == group
    administrator.post(f"/admin/marcus_events/boardaccess/{access.pk}/delete/", {"post": "yes"})
    assert not BoardAccess.objects.exists()
    told = read.events(EventFilter.parse("type:board_access_changed"), newest_first=False)
    assert [(event.data["act"], event.data["group"]) for event in told] == [
        ("given", "painters"),
        ("taken", "painters"),
    ]


def test_a_saved_search_can_be_deleted(administrator: Client) -> None:
    search = SavedSearch.objects.create(owner=User.objects.create_user("bo"), name=MARKUP, query="q=x")
    page = administrator.get("/admin/dashboard/savedsearch/").content.decode()
    assert MARKUP not in page
    administrator.post(f"/admin/dashboard/savedsearch/{search.pk}/delete/", {"post": "yes"})
    assert not SavedSearch.objects.exists()


def test_a_board_is_given_to_a_person_by_name_and_no_form_lists_everybody(administrator: Client) -> None:
    bo = User.objects.create_user("bo")
    add = "/admin/marcus_events/boardaccess/add/"
    page = administrator.get(add).content.decode()
    assert 'name="user"' in page
    assert ">bo<" not in page
    wrong = administrator.post(add, {"board_id": "shop", "group": "", "user": "nobody"})
    assert "No user has this username." in wrong.content.decode()
    assert administrator.post(add, {"board_id": "shop", "group": "", "user": "bo"}).status_code == 302
    assert BoardAccess.objects.get().user == bo
