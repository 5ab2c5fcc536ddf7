"""Removing the demo: an event like any other, by the person who removed it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from marcus_events.log import read
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.demo_script import BOARD as DEMO_BOARD
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page

DEMO = {"demo": True}


def tell_demo() -> int:
    """How many events there are then."""
    return publish(event("task_created", board=DEMO_BOARD, metadata=DEMO, task_id="t1", task_name="Played"))[-1]


def test_it_is_recorded_with_who_did_it(viewer: Client) -> None:
    told = tell_demo()
    response = viewer.post("/demo/remove/")
    assert (response.status_code, response["Location"]) == (302, "/")
    [removal] = read.following(told, 10)
    assert (removal.event_type, removal.source, removal.board_id) == ("board_removed", "user:ada", DEMO_BOARD)


def test_the_demo_is_gone_and_what_is_real_is_not(viewer: Client) -> None:
    publish(*project())
    tell_demo()
    assert "is a demo" in open_page(viewer, "/boards/").text
    viewer.post("/demo/remove/")
    catch_up(PROJECTIONS)
    page = open_page(viewer, "/boards/")
    assert "is a demo" not in page.text
    assert [row["id"] for row in page.with_id("board-")] == ["board-shop"]
    assert "Played" not in open_page(viewer, "/activity/").text
    open_page(viewer, f"/boards/{DEMO_BOARD}/", status=404)


def test_the_banner_stands_on_the_demo_and_on_all_boards_only(viewer: Client) -> None:
    publish(*project())
    tell_demo()
    for page in ("/", "/activity/", "/blocked/", "/agents/", "/history/", "/integrations/"):
        banners = {
            board: "is a demo" in open_page(viewer, page, {"board": board}).text for board in ("", DEMO_BOARD, "shop")
        }
        assert banners == {"": True, DEMO_BOARD: True, "shop": False}, page
    assert "is a demo" in open_page(viewer, f"/boards/{DEMO_BOARD}/").text
    assert "is a demo" not in open_page(viewer, "/boards/shop/").text
    assert "is a demo" not in open_page(viewer, "/tasks/", {"board": "shop", "task": "shop-1"}).text


def test_it_can_be_removed_again_when_it_has_come_again(viewer: Client) -> None:
    for n in (1, 2):
        publish(event("task_created", board=DEMO_BOARD, metadata=DEMO, task_id=f"t{n}"))
        viewer.post("/demo/remove/")
    catch_up(PROJECTIONS)
    assert open_page(viewer, "/boards/").with_id("board-") == []


def test_a_link_does_not_remove_it(viewer: Client) -> None:
    told = tell_demo()
    assert viewer.get("/demo/remove/").status_code == 405
    assert read.head().position == told


def test_another_site_does_not_remove_it(user: User) -> None:
    told, client = tell_demo(), Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post("/demo/remove/").status_code == 403
    assert read.head().position == told
