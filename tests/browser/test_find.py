"""The palette and the error pages in a browser: with the keyboard alone, on a phone, and for everyone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.test_axe import serious


@pytest.fixture
def palette(busy: Page) -> Locator:
    expect(busy.locator("#connection")).to_have_text("Live")
    busy.keyboard.press("Control+k")
    return busy.get_by_role("dialog", name="Find")


@pytest.fixture
def phone(busy: Page) -> Iterator[Page]:
    busy.set_viewport_size({"width": 390, "height": 844})
    yield busy
    busy.set_viewport_size({"width": 1280, "height": 720})


def height(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["height"]


def test_a_task_is_found_opened_and_left_by_keyboard_and_is_recent_from_then_on(busy: Page, palette: Locator) -> None:
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(palette.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    busy.keyboard.type("it doc")
    expect(palette.get_by_role("option", name="Search activity for “it doc”")).to_be_visible()
    option = palette.get_by_role("option", name="Document it")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    busy.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "false")
    busy.keyboard.press("ArrowUp")
    busy.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(busy.get_by_role("dialog", name="Details")).to_contain_text("Document it")
    busy.keyboard.press("Escape")
    busy.keyboard.press("Control+k")
    expect(palette.get_by_role("option").first).to_contain_text("Document it")
    busy.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_the_focus_returns_and_what_is_typed_fast_is_what_is_opened(busy: Page, application: Application) -> None:
    busy.goto(f"{application.base_url}/activity/")
    expect(busy.locator("#connection")).to_have_text("Live")
    busy.locator("#q").focus()
    busy.keyboard.press("Control+k")
    busy.keyboard.press("Escape")
    expect(busy.locator("#q")).to_be_focused()
    busy.keyboard.press("Control+k")
    busy.keyboard.type("retention")
    busy.keyboard.press("Enter")
    busy.wait_for_url("**/retention/")


def test_actions_are_done_in_the_page(busy: Page, palette: Locator) -> None:
    busy.keyboard.type("dark mode")
    expect(palette.get_by_role("option", name="Theme: dark")).to_have_attribute("aria-selected", "true")
    busy.keyboard.press("Enter")
    assert busy.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    busy.keyboard.press("/")
    busy.keyboard.type("keyboard")
    expect(palette.get_by_role("option", name="Keyboard shortcuts")).to_be_visible()
    busy.keyboard.press("Enter")
    expect(busy.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_axe_finds_nothing_serious_in_the_palette(busy: Page, palette: Locator) -> None:
    busy.keyboard.type("build")
    expect(palette.get_by_role("option", name="Build login")).to_be_visible()
    assert serious(busy) == []
    busy.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert serious(busy) == []


def test_a_phone_has_search_every_page_and_targets_for_fingers(phone: Page) -> None:
    expect(phone.locator("#connection")).to_have_text("Live")
    phone.get_by_role("link", name="Find", exact=True).click()
    phone.keyboard.type("which")
    found = phone.get_by_role("option", name="Which provider?")
    assert height(found) >= 44
    assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found.click()
    details = phone.get_by_role("dialog", name="Details")
    expect(details).to_contain_text("Which provider?")
    assert height(details.get_by_role("button", name="Reply and unblock")) >= 44
    phone.keyboard.press("Escape")
    phone.get_by_label("Menu of admin").click()
    for name in ("Alerts", "Integrations", "People", "Audit", "Retention", "Admin"):
        assert height(phone.locator(".menu").get_by_role("link", name=name)) >= 44


def test_an_error_leaves_one_in_the_shell_with_a_way_on(
    busy: Page, application: Application, complaints: Complaints
) -> None:
    complaints.expected.append("404")
    busy.goto(f"{application.base_url}/nowhere/?x=1")
    expect(busy.get_by_role("main")).to_contain_text("/nowhere/?x=1")
    assert serious(busy) == []
    busy.get_by_role("main").get_by_role("link", name="Find").click()
    busy.keyboard.type("boards")
    busy.keyboard.press("Enter")
    busy.wait_for_url("**/boards/")


def test_without_a_script_the_page_finds_the_same(busy: Page, application: Application) -> None:
    browser = busy.context.browser
    assert browser
    context = browser.new_context(storage_state=busy.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(application.base_url)
    page.get_by_role("link", name="Find", exact=True).click()
    page.get_by_role("searchbox", name="Name").fill("it doc")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Document it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Document it")
    context.close()
