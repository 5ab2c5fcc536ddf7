"""History by keyboard and click: what is typed is completed, a facet refines, an event opens, a search is saved."""

import re
from urllib.parse import quote_plus

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
        page.locator("summary", has_text="Export").click()
        page.get_by_role("link", name="JSON Lines").click()
    assert "Step 5" in download.value.path().read_text()
    expect(page.locator("#exports")).to_contain_text("Exported")


def test_days_columns_and_bars_are_those_of_the_viewer(signed_in: Page, application: Application) -> None:
    page = signed_in
    application.begin(page, *project(), *(progress(f"Step {n}") for n in range(3)))
    page.goto(f"{application.base_url}/history/")
    zone = page.evaluate("new Intl.DateTimeFormat().resolvedOptions().timeZone")
    today = "new Intl.DateTimeFormat('sv').format(new Date())"
    before = page.evaluate(today)
    page.get_by_role("link", name="Today", exact=True).click()
    expect(page).to_have_url(re.compile(f"q=since%3Atoday&zone={quote_plus(zone)}$"))
    expect(page.get_by_role("link", name="Today", exact=True)).to_have_attribute("aria-current", "true")
    page.locator("summary", has_text="Dates").click()
    assert page.get_by_label("From date").input_value() in {before, page.evaluate(today)}
    expect(page.get_by_label("From time")).to_have_value("")

    page.goto(f"{application.base_url}/history/")
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Position").uncheck()
    page.get_by_role("checkbox", name="data.message").check()
    page.locator(".columns-form").get_by_role("button", name="Show").click()
    expect(page.locator(".found thead th")).to_have_text(["Time", "Type", "Event", "Board", "Agent", "data.message"])

    walk = page.get_by_role("slider", name="Events over time")
    walk.focus()
    page.keyboard.press("End")
    expect(walk).to_have_attribute("aria-valuetext", re.compile(r", \d+ events?"))
    expect(page.locator('[data-brush] a[data-values*="Tasks"]')).not_to_have_count(0)
    expect(page.locator(".chart-tip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=since%3A.*until%3A"))


def test_in_the_drawer_one_goes_from_event_to_event(signed_in: Page, application: Application) -> None:
    page = signed_in
    application.begin(page, *project())
    application.publish(*(progress(f"Stage {n}") for n in range(3)))
    page.goto(f"{application.base_url}/history/?q=stage")
    page.locator(".found-time a").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("Stage 2")
    expect(drawer.get_by_role("button", name="Previous")).to_be_disabled()
    page.keyboard.press("j")
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("Stage 1")
    drawer.get_by_role("button", name="Next").click()
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("Stage 0")
    expect(drawer.get_by_role("button", name="Next")).to_be_disabled()
    page.keyboard.press("k")
    expect(drawer.get_by_role("heading", level=2)).to_contain_text("Stage 1")
    expect(drawer.get_by_role("button", name="Copy as JSON")).to_be_visible()
