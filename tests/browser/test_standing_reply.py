"""A standing reply in the browser: saved from a sent reply, seen in shadow, turned on; its next blocker is answered."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, event
from tests.browser.test_reply import SENT_WITHIN

QUESTION = "May the cart read the customer's address?"


def test_a_reply_becomes_a_standing_reply_that_answers_the_next_blocker(
    signed_in: Page, application: Application
) -> None:
    tasks = {"s1": "Show the cart", "s2": "Test the cart"}
    application.publish(*(event("task_created", {"task_id": key, "task_name": name}) for key, name in tasks.items()))
    application.publish(blocker(QUESTION, "s1"))
    signed_in.locator("#needs .need", has_text=QUESTION).get_by_role("link", name="Reply").click()
    drawer = signed_in.get_by_role("dialog", name="Details")
    drawer.get_by_label("Your reply").fill("Yes, the address only")
    drawer.get_by_role("button", name="Reply and unblock").click()
    drawer.get_by_text("Save as a standing reply").click(timeout=SENT_WITHIN)
    drawer.get_by_label("At most").fill("3")
    drawer.get_by_role("button", name="Save in shadow mode").click()
    expect(drawer).to_contain_text("with the same question")
    drawer.get_by_role("button", name="Turn on").click()
    expect(drawer).to_contain_text("Used 0 of 3 times")

    application.publish(blocker(QUESTION, "s2"))
    expect(drawer).to_contain_text("Used 1 of 3 times", timeout=SENT_WITHIN)
    signed_in.keyboard.press("Escape")
    expect(signed_in.locator(".answered")).to_contain_text("Test the cart", timeout=SENT_WITHIN)

    signed_in.goto(f"{application.base_url}/blocked/")
    signed_in.locator("#standing").get_by_role("link", name=QUESTION).click()
    drawer.get_by_role("button", name="Turn off").click()
    expect(drawer).to_contain_text("It was used 1 time.")
    expect(signed_in.locator("#standing")).to_contain_text("Turned off by admin")
