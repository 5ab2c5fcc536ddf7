"""While tables or the search index are behind the log, the page says so, moves nothing, and stops by itself."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import decision, event, project
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


def test_silent_sources_are_said_until_one_is_heard_of(signed_in: Page, application: Application) -> None:
    page, line = signed_in, signed_in.locator("#connection")
    past = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    board = {"board_id": "quiet", "board_name": "Quiet"}
    application.begin(page, *project())
    said = {"task_id": "q1", "agent_id": "agent_claude_9"}
    application.publish(event("task_started", said, board, timestamp=past))
    page.goto(f"{application.base_url}/agents/?board=quiet")
    expect(line).to_have_text("Live, source silent")
    application.publish(event("task_progress", said | {"progress": 50}, board))
    expect(line).to_have_text("Live")
