"""Blockers as an inbox: by the keyboard, on the focused one alone, several at once, each with an undo."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.application import Application
from tests.browser.storefront import event, project

MOST_PX = 64  # of a row
NAMES = ("First?", "Second?", "Third?")


def asked(description: str, task_id: str, severity: str) -> dict[str, Any]:
    return event("task_blocked", {"task_id": task_id, "description": description, "severity": severity})


@pytest.fixture
def inbox(signed_in: Page, application: Application) -> Page:
    if signed_in.locator("#welcome").count():
        application.begin(signed_in, *project())
        levels = ("critical", "high", "medium")
        application.publish(*(asked(NAMES[n], f"q{n}", levels[n]) for n in range(3)))
    signed_in.goto(f"{application.base_url}/blocked/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


def row(page: Page, question: str) -> Locator:
    return page.locator("#open [data-need]", has_text=question)


def link(page: Page, question: str) -> Locator:
    return page.locator("a.need-open", has_text=question)


def test_keys_act_on_the_focused_blocker_alone_and_are_undone(inbox: Page) -> None:
    box = row(inbox, "First?").bounding_box()
    assert box
    assert box["height"] <= MOST_PX
    inbox.keyboard.press("a")
    expect(link(inbox, "First?")).to_be_focused()
    expect(inbox.locator(".notice")).to_have_count(0)
    inbox.keyboard.press("j")
    expect(link(inbox, "Second?")).to_be_focused()
    inbox.keyboard.press("a")
    expect(inbox.locator(".notice")).to_contain_text("You took")
    expect(row(inbox, "Second?")).to_contain_text("Assigned to admin")
    expect(row(inbox, "First?")).not_to_contain_text("Assigned to admin")
    expect(link(inbox, "Second?")).to_be_focused()
    expect(inbox.locator("#open").get_by_role("link", name="me 1")).to_be_visible()
    inbox.locator(".notice").get_by_role("button", name="Undo").click()
    expect(row(inbox, "Second?")).not_to_contain_text("Assigned to admin")


def test_a_snoozed_row_leaves_its_focus_to_the_next_and_is_counted_nowhere(inbox: Page) -> None:
    link(inbox, "Second?").focus()
    inbox.keyboard.press("s")
    expect(inbox.get_by_role("button", name="30 minutes")).to_be_focused()
    inbox.keyboard.press("Enter")
    expect(inbox.locator(".snoozed [data-need]")).to_contain_text("Snoozed until")
    expect(link(inbox, "Third?")).to_be_focused()
    expect(inbox.get_by_role("heading", name="Open 2")).to_be_visible()
    expect(inbox).to_have_title("(2) Blocked · Marcus Events")
    inbox.locator(".notice").get_by_role("button", name="Undo").click()
    expect(inbox.locator(".snoozed [data-need]")).to_have_count(0)


def test_the_drawer_goes_on_to_the_next_and_gives_the_focus_back(inbox: Page) -> None:
    title = inbox.locator("#drawer .event-title")
    link(inbox, "First?").focus()
    inbox.keyboard.press("Enter")
    expect(title).to_have_text("First?")
    inbox.locator("#drawer").get_by_role("link", name="Next blocker").focus()
    inbox.keyboard.press("j")
    expect(title).to_have_text("Second?")
    inbox.locator("#drawer").get_by_role("link", name="Next blocker").click()
    expect(title).to_have_text("Third?")
    inbox.keyboard.press("Escape")
    expect(link(inbox, "Third?")).to_be_focused()


def test_several_are_replied_to_at_once_and_undone_at_once(inbox: Page) -> None:
    link(inbox, "First?").focus()
    inbox.keyboard.press("x")
    inbox.keyboard.press("j")
    inbox.keyboard.press("x")
    bar = inbox.get_by_role("region", name="Selected blockers")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Reply to all").click()
    field = inbox.get_by_role("dialog").get_by_label("Reply for all of them")
    field.fill("Yes")
    field.press("Control+Enter")
    expect(inbox.locator(".notice")).to_contain_text("Replied to 2 blockers")
    expect(inbox.locator("#open [data-replied]")).to_have_count(2)
    expect(bar).to_be_hidden()
    inbox.locator(".notice").get_by_role("button", name="Undo").click()
    expect(field).to_have_value("Yes")
    expect(inbox.locator("#open [data-replied]")).to_have_count(0)
    inbox.keyboard.press("Escape")
    expect(bar).to_contain_text("2 selected")


def test_a_resolved_blocker_says_so_in_the_drawer_and_offers_the_next(inbox: Page, application: Application) -> None:
    link(inbox, "First?").focus()
    inbox.keyboard.press("r")
    drawer = inbox.get_by_role("dialog", name="Details")
    expect(drawer.get_by_label("Your reply")).to_be_focused()
    application.publish(event("blocker_resolved", {"task_id": "q0", "resolution": "Found"}))
    expect(drawer.locator(".resolved-line")).to_contain_text("Resolved")
    expect(drawer.locator(".severity")).to_be_hidden()
    drawer.locator(".resolved-line").get_by_role("link", name="Next blocker").click()
    expect(drawer.locator(".event-title")).to_have_text("Second?")
