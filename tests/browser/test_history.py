"""History by keyboard and click: what is typed is completed, a facet refines, an event opens, a search is saved."""

import re

from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, progress, project


def test_an_event_of_long_ago_is_found_refined_read_and_kept(signed_in: Page, application: Application) -> None:
    page = signed_in
    application.begin(page, *project(), blocker("Which colour?"), *(progress(f"Step {n}") for n in range(3)))
    page.goto(f"{application.base_url}/history/")
    field = page.get_by_role("combobox", name="Search")
    field.press_sequentially("type:task_pro")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(options).to_have_text(["type:task_progress"])
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("type:task_progress ")
    field.press_sequentially("Step 1")
    field.press("Enter")
    expect(page.locator(".found tbody tr")).to_contain_text(["Step 1"])

    page.get_by_role("link", name="Clear all").click()
    page.locator(".facets").get_by_role("link", name="Task blocked", exact=True).click()
    expect(page).to_have_url(re.compile("q=type%3Atask_blocked"))
    rows = page.locator(".found tbody tr")
    expect(rows).to_contain_text(["Which colour?"])

    rows.get_by_role("link").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Which colour?")
    page.keyboard.press("Escape")

    page.get_by_text("Save this search").click()
    page.get_by_label("Name").fill("What was blocked")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{application.base_url}/history/")
    page.get_by_role("link", name="What was blocked").click()
    expect(rows).to_contain_text(["Which colour?"])

    application.publish(progress("Step 4"))
    page.goto(f"{application.base_url}/history/")
    application.publish(progress("Step 5"))
    expect(page.locator("#newer")).to_contain_text("1 newer", timeout=10_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export JSON Lines").click()
    assert "Step 5" in download.value.path().read_text()
