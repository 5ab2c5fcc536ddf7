"""Everyone can use it: with the keyboard alone, with assistive technology, in both themes, on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.pages import PATHS


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_a_phone_never_scrolls_sideways(busy: Page, application: Application, path: str) -> None:
    busy.set_viewport_size({"width": 390, "height": 844})
    busy.goto(application.base_url + path)
    assert busy.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_keyboard_reaches_every_page(busy: Page) -> None:
    for keys, heading in (
        ("ga", "Activity"),
        ("gk", "Blocked"),
        ("gb", "Boards"),
        ("ge", "Agents"),
        ("gi", "Integrations"),
        ("gn", "Now"),
    ):
        busy.keyboard.type(keys)
        expect(busy.get_by_role("heading", name=heading, level=1, exact=True)).to_be_attached()
        expect(busy.locator("#connection")).to_have_text("Live")  # the scripts run by then, and so do the keys


def test_an_event_is_found_read_and_left_without_a_mouse(busy: Page, application: Application) -> None:
    busy.keyboard.type("ga")
    busy.wait_for_url("**/activity/")
    busy.keyboard.press("/")
    busy.keyboard.type("type:task_blocked")
    busy.keyboard.press("Enter")
    expect(busy.locator("#stream > .row")).to_have_count(2)
    busy.keyboard.press("j")
    busy.keyboard.press("j")
    busy.keyboard.press("k")
    busy.keyboard.press("Enter")
    expect(busy.get_by_role("dialog")).to_contain_text("Which provider?")
    busy.keyboard.press("Escape")
    expect(busy.locator("#stream > .row a").first).to_be_focused()


def test_space_pauses_and_single_keys_can_be_switched_off(busy: Page, application: Application) -> None:
    busy.goto(f"{application.base_url}/activity/")
    busy.keyboard.press("Space")
    expect(busy.get_by_role("button", name="Resume")).to_be_visible()
    busy.keyboard.press("?")
    busy.get_by_label("Enable single-key shortcuts").uncheck()
    busy.keyboard.press("Escape")
    expect(busy.get_by_role("dialog")).to_be_hidden()
    busy.keyboard.press("Space")
    busy.keyboard.type("gn")
    expect(busy.get_by_role("button", name="Resume")).to_be_visible()
    expect(busy).to_have_url(f"{application.base_url}/activity/")


def test_keys_mean_themselves_in_a_field(busy: Page, application: Application) -> None:
    busy.goto(f"{application.base_url}/activity/")
    busy.keyboard.press("/")
    busy.keyboard.type("gn ?/jk")
    expect(busy.get_by_role("searchbox")).to_have_value("gn ?/jk")


def test_the_first_tab_stop_skips_to_the_content(busy: Page) -> None:
    busy.keyboard.press("Tab")
    expect(busy.get_by_role("link", name="Skip to content")).to_be_focused()
    busy.keyboard.press("Enter")
    expect(busy.locator("#content")).to_be_focused()


def test_the_theme_is_chosen_and_kept(busy: Page) -> None:
    busy.get_by_label("Menu of admin").click()
    busy.get_by_text("Dark", exact=True).click()
    busy.reload()
    assert busy.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_page_without_javascript_can_be_read(busy: Page, application: Application) -> None:
    browser = busy.context.browser
    assert browser
    context = browser.new_context(storage_state=busy.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(application.base_url)
    expect(page.locator("#needs")).to_contain_text("Which provider?")
    page.goto(f"{application.base_url}/activity/?type=task_blocked")
    expect(page.locator("#stream > .row")).to_have_count(2)
    context.close()
