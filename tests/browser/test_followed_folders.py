"""A Marcus folder on Integrations: added by an administrator, followed by the server, across restarts, and stopped."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.test_axe import serious
from tests.sources.boards import report_blocker
from tests.sources.installations import REALTIME, append, copy_run

TASK = "b7b337c3eeb744408683439a7e5fd78f"
FOLLOWS = re.compile(r"Following[\s\S]*Last read")
PATIENCE = 30_000  # milliseconds; five seconds are meant, and the machine may be busy


@pytest.fixture
def marcus(tmp_path: Path) -> Path:
    return copy_run(tmp_path / "marcus")


@pytest.fixture
def integrations(signed_in: Page, application: Application) -> Iterator[Page]:
    signed_in.goto(f"{application.base_url}/integrations/")
    yield signed_in
    signed_in.goto(f"{application.base_url}/integrations/")
    while (left := signed_in.locator("#folders [data-row]")).count():
        stop(signed_in, left.first.locator("code").first.inner_text())


def follow(page: Page, path: Path | str) -> None:
    page.locator("#follow-folder summary").click()
    page.get_by_role("textbox", name=re.compile("^Folder")).fill(str(path))
    page.get_by_role("button", name="Follow folder").click()


def stop(page: Page, path: str) -> None:
    row = page.locator("#folders [data-row]", has_text=path)
    row.get_by_text("Stop", exact=False).first.click()
    row.get_by_role("button", name="Stop following").click()
    expect(page.get_by_text("The server no longer follows that folder.")).to_be_visible()


def test_the_board_of_a_folder_that_is_added_comes_alive(
    integrations: Page, application: Application, marcus: Path
) -> None:
    """The board is open in another tab, which nobody reloads."""
    board = integrations.context.new_page()
    board.goto(f"{application.base_url}/")
    follow(integrations, marcus)
    expect(integrations.get_by_text(f"The server now follows {marcus}.")).to_be_visible()
    expect(board.locator(".verdict-text")).to_have_text("All 25 tasks are done.", timeout=PATIENCE)
    expect(integrations.locator("#folders")).to_contain_text("Following", timeout=PATIENCE)
    report_blocker(marcus, "Which payment provider?", TASK)
    expect(board.locator("#needs")).to_contain_text("Which payment provider?", timeout=PATIENCE)
    append(marcus / REALTIME, "no record, but 4711")
    expect(integrations.locator("#folders")).to_contain_text("1 unreadable line", timeout=PATIENCE)
    integrations.get_by_text("1 unreadable line").click()
    expect(integrations.locator("#folders")).to_contain_text(f"{REALTIME}:")
    expect(integrations.locator("#folders")).not_to_contain_text("4711")
    board.close()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_started_again_goes_on_by_itself(
    integrations: Page, application: Application, marcus: Path, signal_number: int
) -> None:
    follow(integrations, marcus)
    expect(integrations.locator("#folders")).to_contain_text(FOLLOWS, timeout=PATIENCE)
    integrations.goto("about:blank")  # which does not miss the server
    application.end(signal_number)
    question = f"Which currency, after {signal_number}?"
    report_blocker(marcus, question, TASK)
    application.start()
    integrations.goto(f"{application.base_url}/blocked/")
    expect(integrations.locator("#content")).to_contain_text(question, timeout=PATIENCE)


def test_a_folder_that_vanishes_is_named_and_goes_on_when_it_is_back(integrations: Page, marcus: Path) -> None:
    follow(integrations, marcus)
    expect(integrations.locator("#folders")).to_contain_text(FOLLOWS, timeout=PATIENCE)
    shutil.move(marcus, marcus.with_name("elsewhere"))
    expect(integrations.locator("#folders")).to_contain_text(
        "There are no Marcus files in this folder", timeout=PATIENCE
    )
    shutil.move(marcus.with_name("elsewhere"), marcus)
    expect(integrations.locator("#folders")).not_to_contain_text("There is no Marcus", timeout=PATIENCE)


def test_what_cannot_be_followed_is_said_beside_the_field_which_has_the_focus(integrations: Page) -> None:
    follow(integrations, "/nowhere/at/all")
    field = integrations.get_by_role("textbox", name=re.compile("^Folder"))
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("This folder does not exist on the server's machine.")
    assert not serious(integrations)


def test_it_is_added_and_stopped_by_keyboard_alone(integrations: Page, marcus: Path) -> None:
    integrations.locator("#follow-folder summary").focus()
    for key in ("Enter", "Tab"):
        integrations.keyboard.press(key)
    integrations.keyboard.type(str(marcus))
    integrations.keyboard.press("Enter")
    row = integrations.locator("#folders [data-row]", has_text=str(marcus))
    expect(row).to_contain_text("Following", timeout=PATIENCE)
    assert not serious(integrations)
    row.locator(".revoke summary").focus()
    for key in ("Enter", "Tab", "Enter"):
        integrations.keyboard.press(key)
    expect(integrations.locator("#folders")).to_contain_text("No folders followed.")
