"""Agents: the page moves by itself, its timeline is zoomed and read with the keyboard alone, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, event, progress, project, resolution

BLOCK = "#lane-shop-agent_claude_1 a"


@pytest.fixture
def opened(signed_in: Page, application: Application) -> Page:
    said = {"agent_id": "agent_claude_2", "name": "Claude 2", "role": "Tester"}
    application.begin(signed_in, *project(), event("agent_registered", said), blocker("No key"), resolution())
    signed_in.goto(f"{application.base_url}/agents/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


def test_a_status_that_changes_is_on_the_page_within_a_moment(opened: Page, application: Application) -> None:
    row = opened.locator("#agent-shop-agent_claude_1")
    expect(row).to_contain_text("Working for")
    expect(row).to_contain_text("on Build login")
    opened.evaluate("window.isSamePage = true")
    application.publish(blocker("Which identity provider?"))
    expect(row).to_contain_text(re.compile(r"Blocked for \d+ s: Which identity provider\?"))
    expect(opened.locator(BLOCK).last).to_contain_text("Blocked on Build login")
    application.publish(resolution(), progress("Goes on"))
    expect(row).to_contain_text("Working for")
    assert opened.evaluate("window.isSamePage")


def test_nothing_is_moved_by_what_happens_in_a_status(opened: Page, application: Application) -> None:
    second = opened.get_by_role("link", name="Claude 2", exact=True).first
    before = second.bounding_box()
    application.publish(event("context_requested", {"task_id": "t2", "agent_id": "agent_claude_2"}))
    application.publish(progress("Half of it", progress=51))
    expect(opened.locator("#crew")).to_contain_text("at 51%")
    assert second.bounding_box() == before


def test_zoom_and_moments_are_in_the_address(opened: Page) -> None:
    opened.get_by_role("link", name="24 hours", exact=True).click()
    expect(opened).to_have_url(re.compile(r"/agents/\?span=24h$"))
    expect(opened.locator("#timeline")).to_contain_text("24 hours until now")
    opened.get_by_role("link", name="Earlier").click()
    expect(opened).to_have_url(re.compile(r"span=24h&until=20"))
    expect(opened.locator("#timeline")).to_contain_text("No agent activity in this period.")
    opened.get_by_role("link", name="Later").click()
    expect(opened.locator("#timeline")).to_contain_text("24 hours until now")


def test_a_block_is_reached_and_followed_with_the_keyboard_alone(opened: Page) -> None:
    opened.get_by_role("link", name="Claude 1", exact=True).last.focus()
    opened.keyboard.press("Tab")
    expect(opened.locator(BLOCK).last).to_be_focused()
    opened.keyboard.press("ArrowDown")
    expect(opened.locator("#lane-shop-agent_claude_2 a").last).to_be_focused()
    opened.keyboard.press("ArrowUp")
    expect(opened.locator(f"{BLOCK}:focus")).to_have_count(1)  # the one that lies nearest
    opened.keyboard.press("ArrowLeft")
    expect(opened.locator(f"{BLOCK}:focus")).to_have_count(1)
    opened.locator(f"{BLOCK}:not([data-opens])").last.focus()  # one in which the agent was not blocked
    opened.keyboard.press("Enter")
    expect(opened).to_have_url(re.compile(r"/activity/\?agent=agent_claude_1&board=shop&noise=1&q=since"))


def test_a_blocked_block_opens_its_blocker_and_says_in_the_readers_time_zone_when_it_was(
    opened: Page, application: Application
) -> None:
    application.publish(blocker("Which identity provider?"))
    block = opened.locator(f"{BLOCK}[data-opens]").last
    expect(block.locator("title")).to_contain_text("now, in UTC")
    block.focus()
    expect(block.locator("title")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d – now"))
    opened.keyboard.press("Enter")
    expect(opened.locator("#drawer")).to_contain_text("Which identity provider?")
    opened.keyboard.press("Escape")
    expect(opened.locator("#drawer")).not_to_be_visible()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_days_begin_at_the_readers_midnight(opened: Page, application: Application, zone: str) -> None:
    browser = opened.context.browser
    assert browser
    context = browser.new_context(storage_state=opened.context.storage_state(), timezone_id=zone)
    page = context.new_page()
    page.goto(f"{application.base_url}/agents/?span=7d")
    expect(page.locator("#connection")).to_have_text("Live")
    marks = page.locator("#timeline-axis time")
    expect(marks).to_have_count(7)
    assert all(text.startswith("00:00") for text in marks.all_text_contents())
    context.close()


def test_an_agents_own_page_is_live(opened: Page, application: Application) -> None:
    opened.locator("#crew").get_by_role("link", name="Claude 1", exact=True).click()
    expect(opened).to_have_url(re.compile(r"/agents/agent_claude_1/\?board=shop$"))
    expect(opened.locator("#connection")).to_have_text("Live")
    application.publish(blocker("Which identity provider?"))
    expect(opened.locator("#doing")).to_contain_text("Which identity provider?")
    expect(opened.locator("#reports")).to_contain_text("Which identity provider?")
    expect(opened.locator("#events")).to_contain_text("Which identity provider?")


def test_focus_and_what_is_opened_survive_a_change(opened: Page, application: Application) -> None:
    opened.locator("#timeline").get_by_text("View as table").click()
    block = opened.locator(BLOCK).last
    block.focus()
    application.publish(event("task_requested", {"agent_id": "agent_claude_2"}))
    expect(opened.locator("#crew")).to_contain_text("Waiting for work 1")
    expect(opened.locator("#timeline-table")).to_have_attribute("open", "")
    expect(opened.locator("#timeline-table")).to_contain_text("Waiting for work")
    expect(opened.locator(BLOCK).last).to_be_focused()


def test_a_block_says_in_the_readers_time_zone_when_it_was(opened: Page) -> None:
    title = opened.locator(BLOCK).last.locator("title")
    expect(title).to_contain_text("UTC")
    opened.locator(BLOCK).last.focus()
    expect(title).not_to_contain_text("UTC")
    expect(title).to_contain_text(re.compile(r"\d\d:\d\d:\d\d – now"))


def test_without_javascript_all_of_it_can_be_read(opened: Page, application: Application) -> None:
    browser = opened.context.browser
    assert browser
    context = browser.new_context(storage_state=opened.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{application.base_url}/agents/?span=6h")
    expect(page.locator("#crew")).to_contain_text("Claude 1")
    page.locator("#timeline").get_by_text("View as table").click()
    page.locator("#timeline-table").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/activity/\?agent="))
    context.close()
