"""Boards as the admin lists them: what is so now, once each."""

from __future__ import annotations

from django.test import Client

from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page

BOARDS = "/admin/marcus_events/boardnow/"


def test_a_board_is_listed_once_with_its_numbers_and_leads_to_its_page(administrator: Client) -> None:
    published = publish(*project(), event("project_updated", project_name="Renamed"))
    page = administrator.get(BOARDS)
    [row] = page.context["cl"].result_list
    assert (row.name, row.number_of_tasks, row.number_blocked) == ("Renamed", 4, 1)
    assert row.number_of_events == len(published)
    detail = open_page(administrator, f"{BOARDS}shop/change/")
    assert "Renamed" in detail.text
    assert "/boards/shop/" in detail.leads()


def test_hostile_boards_are_text(administrator: Client) -> None:
    board = f"b/{MARKUP}"
    publish(event("project_created", board=board, project_name=MARKUP * 20), *project())
    page = open_page(administrator, BOARDS)
    assert_harmless(page)
    assert MARKUP in page.text
    [address] = [lead for lead in page.leads() if lead.startswith(f"{BOARDS}b") and lead.endswith("change/")]
    detail = open_page(administrator, address)
    assert_harmless(detail)
    assert board in detail.text


def test_nothing_is_changed_there(superuser: Client) -> None:
    publish(*project())
    assert superuser.post(f"{BOARDS}shop/change/", {"name": "x"}).status_code == 403
    assert superuser.post(f"{BOARDS}shop/delete/", {"post": "yes"}).status_code == 403
    assert superuser.get(f"{BOARDS}add/").status_code == 403
