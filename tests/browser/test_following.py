"""A Marcus on disk, followed: what it writes is on the page, in the bell and in the title at once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.sources.boards import report_blocker
from tests.sources.installations import copy_run

TASK = "b7b337c3eeb744408683439a7e5fd78f"


@pytest.fixture
def marcus(application: Application, tmp_path: Path) -> Iterator[Path]:
    root = copy_run(tmp_path / "marcus")
    follower = application.start_command("follow", str(root))
    yield root
    follower.send_signal(signal.SIGTERM)
    assert follower.wait(180) == 0


def test_a_reported_blocker_is_on_the_page_within_a_moment(signed_in: Page, marcus: Path) -> None:
    expect(signed_in.locator(".verdict-text")).to_have_text("All 25 tasks are done.")
    signed_in.evaluate("window.isSamePage = true")
    report_blocker(marcus, "Which payment provider?", TASK)
    expect(signed_in.locator("#needs")).to_contain_text("Which payment provider?")
    expect(signed_in).to_have_title("(1) Now · Marcus Events")
    expect(signed_in.get_by_role("link", name="1 open blocker")).to_be_visible()
    expect(signed_in.get_by_role("alert")).to_contain_text("Design search schema is blocked")
    assert signed_in.evaluate("window.isSamePage")
