"""Each page while there is nothing, while there is much to do, when all is done, and when the board is gone."""

from __future__ import annotations

import pytest
from django.test import Client

from marcus_events.log import read
from marcus_events.log.rows import rows
from marcus_events.search import execute
from tests.dashboard.publishing import completions, event, project, publish, resolution
from tests.dashboard.reading import open_page


def only_regions(viewer: Client, path: str, *regions: str) -> str:
    """The page's text, once it is certain that it has these regions."""
    page = open_page(viewer, path)
    for region in regions:
        assert len([element for element in page.with_id(region) if element["id"] == region]) == 1, region
    return " ".join(page.text.split())


def test_where_nothing_has_happened_each_page_says_what_to_do(viewer: Client) -> None:
    assert "manage.py create_token" in only_regions(viewer, "/", "welcome")
    assert "No boards yet." in only_regions(viewer, "/boards/", "boards")
    assert "No events yet." in only_regions(viewer, "/activity/", "stream", "no-rows")
    blocked = only_regions(viewer, "/blocked/", "open", "resolved")
    assert "No blocked tasks." in blocked
    assert "No blockers resolved yet." in blocked


def test_while_a_task_is_blocked_each_page_says_so(viewer: Client) -> None:
    publish(*project())
    now = only_regions(viewer, "/", "verdict", "needs", "counters", "minutes", "stream")
    assert "1 task is waiting for a person; 2 more are waiting behind it." in now
    assert "1 of 4 tasks done" in now
    assert "No key for shop" in now
    assert "Holds up 2 tasks" in now
    boards = only_regions(viewer, "/boards/", "boards", "board-shop")
    assert "25%" in boards
    assert "1 blocked 2 waiting behind" in boards
    columns = only_regions(viewer, "/boards/shop/", "board-head", "columns", "card-shop-2")
    assert "holds up 2" in columns
    assert "Claude of shop is blocked on Build shop-2: No key for shop" in only_regions(viewer, "/activity/", "stream")
    assert "No key for shop High Build shop-2" in only_regions(viewer, "/blocked/", "open", "resolved")


def test_the_number_of_blockers_is_in_the_title_and_in_the_bell(viewer: Client) -> None:
    publish(*project(), *project("bank"))
    page = open_page(viewer, "/boards/")
    assert page.text.lstrip().startswith("(2) Boards · Marcus Events")
    assert page.with_id("bell")[0]["data-open"] == "2"


def test_when_all_is_done_each_page_says_so(viewer: Client) -> None:
    publish(*project(), resolution(), *completions())
    now = only_regions(viewer, "/", "verdict", "needs")
    assert "All 4 tasks are done." in now
    assert "No blocked tasks." in now
    assert "100%" in only_regions(viewer, "/boards/", "boards")
    columns = only_regions(viewer, "/boards/shop/", "columns")
    assert "Nothing to do." in columns
    assert "Done 4" in columns
    assert "Here is the key" in only_regions(viewer, "/blocked/", "resolved")


def test_a_removed_board_is_nowhere(viewer: Client) -> None:
    publish(*project(), *project("bank"), event("board_removed"))
    open_page(viewer, "/boards/shop/", status=404)
    for path in ("/", "/boards/", "/activity/", "/blocked/", "/activity/?board=shop", "/blocked/?board=shop"):
        assert "Build shop-2" not in open_page(viewer, path).text, path
    assert "Build bank-2" in open_page(viewer, "/activity/").text


def test_a_removed_board_that_is_heard_of_again_is_back_without_its_past(viewer: Client) -> None:
    publish(*project(), event("board_removed"), event("task_created", task_id="new", task_name="Another start"))
    assert "Another start" in open_page(viewer, "/boards/shop/").text
    activity = open_page(viewer, "/activity/").text
    assert "Another start" in activity
    assert "Build shop-2" not in activity


def test_a_page_of_one_board_shows_only_that(viewer: Client) -> None:
    publish(*project(), *project("bank"))
    for path in ("/", "/activity/", "/blocked/"):
        text = open_page(viewer, path, {"board": "bank"}).text
        assert "Build bank-2" in text, path
        assert "Build shop-2" not in text, path


def test_a_board_that_is_chosen_on_the_page_of_boards_opens(viewer: Client) -> None:
    publish(*project())
    assert viewer.get("/boards/", {"board": "shop"})["Location"] == "/boards/shop/"
    assert viewer.get("/boards/", {"board": "a/b?c"})["Location"] == "/boards/a/b%3Fc/"


def test_a_query_that_cannot_be_read_is_explained_where_it_stands(viewer: Client) -> None:
    publish(*project())
    page = open_page(viewer, "/activity/", {"q": "colour:<red>"})
    assert "“colour” is not a field; fields are type," in page.text
    [field] = page.with_id("q")[:1]
    assert (field["value"], field["aria-describedby"]) == ("colour:<red>", "q-error")
    assert page.positions() == []


def test_filters_that_match_nothing_offer_a_way_out(viewer: Client) -> None:
    publish(*project())
    page = open_page(viewer, "/activity/", {"agent": "nobody"})
    assert "No events match these filters." in page.text
    assert "/activity/" in page.leads()


def test_the_filters_show_what_is_chosen(viewer: Client) -> None:
    publish(*project())
    chosen = {"category": "task", "type": "task_blocked", "agent": "agent_shop", "task": "shop-2", "noise": "1"}
    page = open_page(viewer, "/activity/", chosen)
    selected = [attributes["value"] for _, attributes in page.elements if "selected" in attributes]
    assert set(selected) >= {"task_blocked", "agent_shop"}
    assert any("aria-current" in attributes for _, attributes in page.elements if attributes.get("class") == "chip")
    assert any("checked" in attributes for _, attributes in page.elements if attributes.get("name") == "noise")
    assert "Task: Build shop-2" in page.text
    assert len(page.positions()) == 1


def test_an_event_is_a_page_with_all_it_holds_and_what_led_to_what(viewer: Client) -> None:
    first = event("task_started", task_id="t", task_name="Cause", agent_id="agent_1")
    caused = {"causation_id": first.event_id}
    effects = [event("task_progress", task_id="t", progress=n, metadata=caused) for n in (10, 20)]
    unknown = event("task_progress", task_id="t", metadata={"causation_id": "lost"})
    cause, effect, other, lost = publish(first, *effects, unknown)
    page = open_page(viewer, f"/activity/{cause}/")
    assert {f"/activity/{effect}/", f"/activity/{other}/"} <= set(page.leads())
    assert '"task_name": "Cause"' in page.text
    assert "1 started Cause" in page.text
    assert f"/activity/{cause}/" in open_page(viewer, f"/activity/{effect}/").leads()
    assert "not in this log" in open_page(viewer, f"/activity/{lost}/").text


def test_the_drawer_is_given_an_event_without_the_page_around_it(viewer: Client) -> None:
    [position] = publish(event("task_started", task_id="t"))
    html = viewer.get(f"/activity/{position}/", headers={"X-Drawer": "1"}).content.decode()
    assert html.lstrip().startswith("<article")
    assert "<html" not in html


def test_an_event_of_a_removed_board_can_still_be_looked_at(viewer: Client) -> None:
    position, _ = publish(event("task_started", task_id="t", task_name="Gone"), event("board_removed"))
    assert "Gone" in open_page(viewer, f"/activity/{position}/").text


def test_old_blockers_do_not_interrupt_and_new_ones_do(viewer: Client) -> None:
    complaints = [event("task_blocked", task_id=f"t{n}", description=f"D{n}", ago=n) for n in (1, 60)]
    position, _ = publish(*complaints)
    assert [alert["id"] for alert in open_page(viewer, "/blocked/").with_id("alert-")] == [f"alert-{position}"]


def test_a_search_that_takes_too_long_is_given_up_and_says_what_to_narrow(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(*project())
    monkeypatch.setattr(read, "page_at", lambda *_, **__: rows("SELECT pg_sleep(60)", [], None))
    monkeypatch.setattr(execute, "TIMEOUT_S", 0.05)
    assert "Narrow it by time" in only_regions(viewer, "/activity/?q=words", "stream", "q-error")
    assert viewer.get("/activity/rows/?after=0&q=words").status_code == 503
    assert "Narrow it" not in only_regions(viewer, "/boards/", "boards"), "what is asked afterwards has its time"
