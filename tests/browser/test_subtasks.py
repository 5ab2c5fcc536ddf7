"""Subtasks under their parents: opened with the keyboard, kept open while the board goes on, clean for axe."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.storefront import event, project
from tests.browser.test_axe import serious


@pytest.fixture
def board(signed_in: Page, application: Application) -> Page:
    parts = [{"task_id": f"t4_sub_{n}", "task_name": f"Chapter {n}", "parent_task_id": "t4"} for n in (1, 2, 3)]
    application.publish(
        *project(),
        *(event("task_created", part) for part in parts),
        event("task_blocked", {"task_id": "t4_sub_2", "agent_id": "agent_claude_1", "description": "Which examples?"}),
    )
    expect(signed_in.locator("#needs")).to_contain_text("Which examples?")
    signed_in.goto(f"{application.base_url}/boards/shop/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


def test_subtasks_are_opened_with_the_keyboard_and_stay_open(board: Page, application: Application) -> None:
    summary = board.locator("#subtasks-t4 summary")
    expect(summary).to_contain_text("0 of 3 subtasks done")
    summary.focus()
    board.keyboard.press("Enter")
    chapter = board.locator("#subtasks-t4").get_by_role("link", name="Chapter 1")
    expect(chapter).to_be_visible()
    summary.blur()
    application.publish(event("task_completed", {"task_id": "t4_sub_1", "agent_id": "agent_claude_1"}))
    expect(summary).to_contain_text("1 of 3 subtasks done")
    expect(chapter).to_be_visible()
    expect(board.locator("#column-blocked")).to_contain_text("part of Document it")
    for scheme in ("light", "dark"):
        board.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert serious(board) == []
    chapter.click()
    expect(board.get_by_role("dialog")).to_contain_text("Part of")
