"""A task: opened from a card, from Needs you and from the picture; sent as a link; live; without scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import blocker, event, project, resolution

TASK = "/tasks/?board=shop&task=t2"


@pytest.fixture
def board(signed_in: Page, application: Application) -> Page:
    application.begin(signed_in, *project(), blocker("Which provider?"))
    signed_in.goto(f"{application.base_url}/boards/shop/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


@pytest.fixture
def dependencies(board: Page, application: Application) -> Page:
    board.goto(f"{application.base_url}/boards/shop/?tab=dependencies")
    expect(board.locator("#connection")).to_have_text("Live")
    return board


def card(page: Page) -> Locator:
    return page.locator("#columns").get_by_role("link", name="Build login")


def test_a_card_opens_beside_the_board_and_leaves_it_as_it_was(board: Page, application: Application) -> None:
    card(board).click()
    drawer = board.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name="Build login", level=2)).to_be_visible()
    expect(drawer).to_contain_text("Which provider?")
    board.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(board).to_have_url(f"{application.base_url}/boards/shop/")


def test_a_card_is_opened_and_left_with_the_keyboard(board: Page) -> None:
    card(board).focus()
    board.keyboard.press("Enter")
    expect(board.get_by_role("dialog")).to_contain_text("Which provider?")
    board.keyboard.press("Escape")
    expect(card(board)).to_be_focused()


def test_what_is_open_can_be_sent_as_a_link_and_gone_back_from(board: Page, application: Application) -> None:
    card(board).click()
    drawer = board.get_by_role("dialog")
    expect(drawer).to_contain_text("Which provider?")
    board.reload()
    expect(drawer).to_contain_text("Which provider?")
    board.go_back()
    expect(drawer).to_be_hidden()


def test_the_link_to_a_task_is_copied(board: Page, application: Application) -> None:
    board.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=application.base_url)
    card(board).click()
    board.get_by_role("dialog").get_by_role("button", name="Copy link").click()
    expect(board.get_by_role("button", name="Copied")).to_be_visible()
    assert board.evaluate("navigator.clipboard.readText()") == application.base_url + TASK


def test_one_task_leads_to_the_next_and_to_its_events_without_leaving_the_drawer(board: Page) -> None:
    card(board).click()
    drawer = board.get_by_role("dialog")
    drawer.get_by_role("link", name="Write tests").click()
    expect(drawer.get_by_role("heading", name="Write tests", level=2)).to_be_visible()
    drawer.get_by_role("link", name="details").first.click()
    expect(drawer).to_contain_text("Event id")
    board.go_back()
    expect(drawer.get_by_role("heading", name="Write tests", level=2)).to_be_visible()


def test_what_is_open_follows_its_task_and_keeps_the_focus(board: Page, application: Application) -> None:
    card(board).click()
    drawer = board.get_by_role("dialog")
    drawer.get_by_role("link", name="All in Activity").focus()
    application.publish(event("decision_logged", {"task_id": "t2", "agent_id": "a", "what": "Sessions, no tokens"}))
    expect(drawer.get_by_role("heading", name="Decisions 1")).to_be_visible()
    expect(drawer).to_contain_text("Sessions, no tokens")
    expect(drawer.get_by_role("link", name="All in Activity")).to_be_focused()


def test_needs_you_opens_the_task(board: Page, application: Application) -> None:
    board.goto(application.base_url)
    board.locator("#needs").get_by_role("link", name="Build login").click()
    expect(board.get_by_role("dialog")).to_contain_text("Time in each status")


def test_the_picture_is_gone_through_with_the_keyboard_and_keeps_the_focus_when_it_changes(
    dependencies: Page, application: Application
) -> None:
    board = dependencies
    box = board.locator("#picture").get_by_role("link", name="Write tests")
    box.focus()
    application.publish(event("task_started", {"task_id": "t3", "agent_id": "agent_claude_1"}))
    expect(box).to_contain_text("Behind Build login")
    expect(box).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.get_by_role("dialog").get_by_role("heading", name="Write tests", level=2)).to_be_visible()


def test_what_is_blocked_is_found_in_the_picture(dependencies: Page) -> None:
    board = dependencies
    board.set_viewport_size({"width": 660, "height": 500})
    board.get_by_role("button", name="Zoom in").click()
    board.get_by_role("button", name="Zoom in").click()
    board.get_by_role("button", name="Zoom in").click()
    board.locator(".picture-frame").evaluate("frame => frame.scrollTo(1000, 0)")
    box = board.locator("#picture").get_by_role("link", name=re.compile("^Build login"))
    expect(box).not_to_be_in_viewport()
    board.locator("#dependencies").get_by_role("link", name="blocked").click()
    expect(box).to_be_in_viewport()


def test_the_picture_is_zoomed_with_buttons_and_wheel_and_fades_where_it_goes_on(
    dependencies: Page, application: Application
) -> None:
    dependencies.set_viewport_size({"width": 660, "height": 500})
    frame, shown = dependencies.locator(".picture-frame"), dependencies.locator("[data-zoom] output")
    expect(frame).to_have_attribute("data-more", re.compile("right"))
    dependencies.get_by_role("button", name="Fit").click()
    expect(frame).not_to_have_attribute("data-more", re.compile("right"))
    fitted = shown.inner_text()
    application.publish(event("task_created", {"task_id": "t8", "task_name": "Sell it"}))
    expect(frame).to_contain_text("Sell it")
    expect(shown).to_have_text(fitted)
    dependencies.get_by_role("button", name="Zoom in").click()
    expect(shown).not_to_have_text(fitted)
    before = shown.inner_text()
    frame.hover()
    dependencies.keyboard.down("Control")
    dependencies.mouse.wheel(0, -300)
    dependencies.keyboard.up("Control")
    expect(shown).not_to_have_text(before)


def test_on_a_phone_the_picture_is_an_indented_list(dependencies: Page) -> None:
    dependencies.set_viewport_size({"width": 390, "height": 844})
    expect(dependencies.locator(".picture-frame")).to_be_hidden()
    first, last = (
        dependencies.locator("#waits").get_by_role("link", name=name) for name in ("Design schema", "Document it")
    )
    left, indented = first.bounding_box(), last.bounding_box()
    assert left
    assert indented
    assert indented["x"] > left["x"]
    last.click()
    expect(dependencies.get_by_role("dialog")).to_contain_text("Waiting behind Build login")


def test_a_folded_column_stays_folded_when_it_changes_and_when_the_page_is_opened_again(
    board: Page, application: Application
) -> None:
    column = board.locator("#column-blocked")
    column.get_by_role("button", name="Fold or unfold Blocked").click()
    expect(card(board)).to_be_hidden()
    application.publish(blocker("And which account?", "t4"))
    expect(column.get_by_role("heading")).to_contain_text("2")
    expect(card(board)).to_be_hidden()
    board.reload()
    expect(column.get_by_role("heading")).to_contain_text("2")
    expect(card(board)).to_be_hidden()
    column.get_by_role("button", name="Fold or unfold Blocked").press("Enter")
    expect(card(board)).to_be_visible()


def test_a_pinned_board_stands_at_the_top_and_stays_there(board: Page, application: Application) -> None:
    application.publish(event("project_created", {"project_name": "Aardvark"}, board={"board_id": "aardvark"}))
    board.goto(f"{application.base_url}/boards/")
    first = board.locator(".board-list > li").first
    expect(first).to_contain_text("Aardvark")
    shop = board.locator("#board-shop")
    shop.hover()
    shop.get_by_role("button", name="Pin").click()
    expect(first).to_have_attribute("id", "board-shop")
    expect(shop.get_by_role("button", name="Pin")).to_be_focused()
    board.reload()
    expect(first).to_have_attribute("id", "board-shop")


def test_done_tasks_are_left_out_of_the_picture_by_a_link(dependencies: Page) -> None:
    board = dependencies
    picture = board.locator("#picture")
    expect(picture.get_by_role("link", name="Design schema")).to_be_visible()
    board.get_by_role("link", name="Hide 1 done task").click()
    expect(picture.get_by_role("link", name="Design schema")).to_have_count(0)
    expect(board.locator("#connection")).to_have_text("Live")
    expect(board.get_by_role("link", name="Show 1 done task")).to_be_in_viewport()


def test_a_picture_that_is_scrolled_stays_where_it_is_when_it_changes(
    dependencies: Page, application: Application
) -> None:
    board = dependencies
    board.set_viewport_size({"width": 660, "height": 844})
    frame = board.locator(".picture-frame")
    frame.evaluate("frame => frame.scrollTo(200, 0)")
    application.publish(event("task_created", {"task_id": "t9", "task_name": "Ship it"}))
    expect(frame).to_contain_text("Ship it")
    assert frame.evaluate("frame => frame.scrollLeft") == 200


def test_the_page_of_a_task_follows_it(board: Page, application: Application) -> None:
    board.goto(application.base_url + TASK)
    expect(board.locator("#connection")).to_have_text("Live")
    application.publish(blocker("And which account?"))
    expect(board.locator("#stops")).to_contain_text("And which account?")
    expect(board.locator("#task")).to_contain_text("Blocked")
    application.publish(resolution())
    expect(board.locator("#stops")).to_contain_text("The specification was found")
    expect(board.locator("#task")).to_contain_text("In progress")
    expect(board.locator("#events")).to_contain_text("is no longer blocked")


def test_a_task_that_is_not_there_is_said_to_be_missing(
    board: Page, application: Application, complaints: Complaints
) -> None:
    complaints.expected.append("404")
    board.goto(f"{application.base_url}/boards/shop/?card=task%3Dunheard")
    expect(board.get_by_role("dialog")).to_contain_text("This cannot be loaded right now. Try again in a moment.")


@pytest.mark.parametrize("path", [TASK, "/boards/shop/?tab=dependencies"])
def test_without_javascript_a_task_and_the_picture_can_be_read(
    board: Page, application: Application, path: str
) -> None:
    browser = board.context.browser
    assert browser
    context = browser.new_context(storage_state=board.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(application.base_url + path)
    link = page.locator("main").get_by_role("link", name="Write tests").last
    link.click()
    expect(page.get_by_role("heading", name="Write tests", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    context.close()
