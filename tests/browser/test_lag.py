"""While tables or the search index are behind the log, the page says so, moves nothing, and stops by itself."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import decision, project
from tests.lagging import projections_stopped

BEHIND = re.compile(r"^Live, \d+\ss\sbehind$")
SIZES = ((1440, 900), (800, 900), (390, 844))


def places(page: Page) -> list[object]:
    """Where the things stand around the line that changes."""
    selector = ".topbar > *, .topbar select, main > *:not(:empty):not(#newer)"
    found: list[object] = page.locator(selector).evaluate_all(
        "found => found.map((one) => [one.id, one.className, one.getBoundingClientRect().toJSON()])"
    )
    return found


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_tables_that_are_behind_are_said_and_nothing_moves(
    signed_in: Page, application: Application, width: int, height: int
) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": height})
    application.begin(page, *project())
    page.goto(f"{application.base_url}/agents/")
    line, spoken = page.locator("#connection"), page.locator("#spoken")
    expect(line).to_have_text("Live")
    before = places(page)
    with projections_stopped(application, "state", "rates"):
        application.publish(decision("outstanding"))
        expect(line).to_have_text(BEHIND)
        expect(spoken).to_have_text("This page is a few seconds behind. It is catching up.")
        assert places(page) == before
    expect(line).to_have_text("Live")
    expect(spoken).to_have_text("This page is up to date.")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_search_index_that_is_behind_is_said_where_something_is_searched(
    signed_in: Page, application: Application, width: int, height: int
) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": height})
    application.begin(page, *project())
    for number, path in enumerate(("/history/", "/activity/?q=type:task_created")):
        page.goto(f"{application.base_url}{path}")
        expect(page.locator("#connection")).to_have_text("Live")
        said, before = page.locator("#search-lag"), places(page)
        with projections_stopped(application, "search"):
            application.publish(decision(f"outstanding {number}"))
            expect(said).to_have_text(re.compile(r"^Search index \d+ s behind. Results are complete, but slower.$"))
            expect(page.locator("#connection")).to_have_text("Live")
            assert places(page) == before
        expect(said).to_be_empty()
