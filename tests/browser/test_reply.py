"""Reply and unblock: two actions on the page, and an agent that really waits goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import OTHER_BOARD, blocker, event, project
from tests.running_server import SOURCES

SENT_WITHIN = 20_000  # milliseconds: ten seconds to take it back, and a slow machine


@contextmanager
def agent(application: Application, spool: Path, question: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    token = application.create_token(f"agent {question}")
    command = [sys.executable, "-m", "tests.browser.waiting_agent"]
    arguments = [application.base_url, token, str(spool), "t2", question, *options]
    with subprocess.Popen([*command, *arguments], cwd=SOURCES, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_an_answer_in_two_actions_lets_a_waiting_agent_go_on(
    signed_in: Page, application: Application, tmp_path: Path
) -> None:
    application.publish(*project())
    with agent(application, tmp_path, "Which key?") as waiting:
        need = signed_in.locator("#needs .need", has_text="Which key?")
        expect(need).to_contain_text("Waiting for a reply")
        need.get_by_role("link", name="Reply").click()
        drawer = signed_in.get_by_role("dialog", name="Details")
        answer = drawer.get_by_label("Your reply")
        expect(answer).to_be_focused()
        answer.fill("The blue one")
        drawer.get_by_role("button", name="Reply and unblock").click()
        expect(drawer).to_contain_text("admin replied: The blue one")
        expect(drawer.get_by_role("button", name="Undo")).to_be_visible()
        journey = drawer.get_by_role("list", name="Reply status")
        expect(journey).to_contain_text("Sent", timeout=SENT_WITHIN)
        expect(journey).to_contain_text("Received by", timeout=SENT_WITHIN)
        expect(journey).to_contain_text("Resumed", timeout=SENT_WITHIN)
        assert waiting.communicate(timeout=180)[0] == "The blue one\n"
    signed_in.keyboard.press("Escape")
    expect(signed_in.locator(".answered")).to_contain_text("resumed")
    expect(signed_in.locator("#needs .need")).to_have_count(0)


def test_a_sent_reply_says_where_it_is_until_the_agent_has_it(signed_in: Page, application: Application) -> None:
    about = {"description": "Which chair?", "context": "The red one is sold out.\nThe blue one is late."}
    application.begin(signed_in, *project())
    before = project()
    reported = event("task_blocked", {"task_id": "t2", "agent_id": "agent_claude_1", "severity": "high"} | about)
    application.publish(*before, reported)
    signed_in.locator("#needs .need", has_text="Which chair?").get_by_role("link", name="Reply").click()
    drawer = signed_in.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("The red one is sold out.")
    drawer.get_by_label("Your reply").fill("The blue one")
    drawer.get_by_role("button", name="Reply and unblock").click()
    journey = drawer.get_by_role("list", name="Reply status")
    expect(drawer).to_contain_text("Sending in")
    expect(journey).to_contain_text("Claude 1 has not called since", timeout=SENT_WITHIN)
    expect(drawer).to_contain_text("Otherwise, copy the reply for the agent.")
    application.publish(event("task_requested", {"agent_id": "agent_claude_1"}))
    expect(journey).to_contain_text("without asking for it")
    call_tool(application, "wait_for_answer", ticket=reported["event_id"], agent="agent_claude_1")
    expect(journey).to_contain_text("Received by Claude 1")
    expect(drawer).not_to_contain_text("Otherwise, copy the reply for the agent.")


def call_tool(application: Application, tool: str, **arguments: str) -> None:
    """Call a tool as an agent does over MCP."""
    headers = {"Authorization": f"Bearer {application.create_token(tool)}", "Accept": "application/json"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    response = httpx.post(f"{application.base_url}/mcp", json=message, headers=headers, timeout=60)
    assert response.json()["result"]["isError"] is False


def test_one_key_chooses_an_option_of_the_agent(signed_in: Page, application: Application, tmp_path: Path) -> None:
    application.begin(signed_in, *project())
    with agent(application, tmp_path, "Which format?", "CSV", "JSON lines") as waiting:
        signed_in.locator("#needs .need", has_text="Which format?").get_by_role("link", name="Reply").click()
        drawer = signed_in.get_by_role("dialog", name="Details")
        options = drawer.get_by_role("group", name="Options from the agent").get_by_role("button")
        expect(options).to_have_text(["1CSV", "2JSON lines recommended"])
        expect(options.nth(1)).to_be_focused()
        signed_in.keyboard.press("1")
        expect(drawer).to_contain_text("admin replied")
        assert waiting.stdout
        assert waiting.stdout.readline() == "CSV\n"


def test_enter_in_a_field_chooses_no_option(signed_in: Page, application: Application) -> None:
    application.begin(signed_in, *project())
    application.publish(
        *(
            event("task_blocked", {"task_id": task, "description": "Which size?", "options": ["S", "L"]})
            for task in ("t3", "t4")
        )
    )
    signed_in.locator("#needs .need", has_text="Which size?").get_by_role("link", name="Reply").click()
    drawer = signed_in.get_by_role("dialog", name="Details")
    drawer.get_by_role("checkbox", name="Also reply").press("Enter")
    drawer.get_by_label("Or write a reply").press_sequentially("2 of each")
    expect(drawer).not_to_contain_text("admin replied")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer).to_contain_text("2 of each")
    expect(drawer).to_contain_text("admin replied")


def test_an_answer_is_taken_back_and_nothing_was_sent(signed_in: Page, application: Application) -> None:
    application.publish(*project(), blocker("Which door?"))
    signed_in.locator("#needs .need", has_text="Which door?").get_by_role("link", name="Reply").click()
    drawer = signed_in.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("is not waiting right now")
    drawer.get_by_label("Your reply").fill("The red one")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer.get_by_role("button", name="Undo")).to_be_focused()
    signed_in.keyboard.press("Enter")
    field = drawer.get_by_label("Your reply")
    expect(field).to_have_value("The red one")
    expect(field).to_be_focused()
    signed_in.keyboard.type("!")
    expect(field).to_have_value("The red one!")
    expect(drawer).not_to_contain_text("admin replied")
    signed_in.wait_for_timeout(12_000)
    expect(drawer.get_by_label("Your reply")).to_be_visible()


def test_one_reply_resolves_all_that_wait_for_it_and_is_taken_back_from_all(
    signed_in: Page, application: Application
) -> None:
    application.publish(*project(), *(blocker("Which roof?", task) for task in ("t2", "t3", "t4")))
    need = signed_in.locator("#needs .need", has_text="Which roof?")
    expect(need).to_have_count(1)
    expect(need).to_contain_text("3 tasks with this cause: Build login, Write tests, Document it")
    need.get_by_role("link", name="Reply").click()
    drawer = signed_in.get_by_role("dialog", name="Details")
    expect(drawer.get_by_label("Also reply for the 2 other tasks with this cause")).to_be_checked()
    drawer.get_by_label("Your reply").fill("The flat one")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer).to_contain_text("Also for 2 other tasks.")
    drawer.get_by_role("button", name="Undo all").click()
    expect(drawer.get_by_label("Your reply")).to_be_visible()
    expect(drawer).not_to_contain_text("admin replied")
    drawer.get_by_label("Your reply").fill("The steep one")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer.get_by_role("list", name="Reply status")).to_contain_text("Sent", timeout=SENT_WITHIN)
    signed_in.keyboard.press("Escape")
    expect(need).to_have_count(0)
    expect(signed_in.locator(".answered").get_by_text("admin: The steep one")).to_have_count(3)


def test_blocked_is_filtered_and_sorted_with_the_keyboard(signed_in: Page, application: Application) -> None:
    application.begin(signed_in, *project())
    application.publish(
        *(blocker("Which path?", task) for task in ("t3", "t4")),
        event("task_blocked", {"task_id": "b1", "description": "Which bank?", "severity": "low"}, OTHER_BOARD),
    )
    signed_in.goto(f"{application.base_url}/blocked/")
    for link in ("cause", "low 1"):
        signed_in.locator("#open").get_by_role("link", name=link, exact=True).focus()
        signed_in.keyboard.press("Enter")
        expect(signed_in.locator("#open [aria-current]", has_text=link.split()[0])).to_have_count(1)
    rows = signed_in.locator("#open tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Which bank?")
    signed_in.goto(f"{application.base_url}/blocked/")
    rows.filter(has_text="Which path?").first.get_by_role("link", name="2 tasks with this cause").focus()
    signed_in.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    signed_in.get_by_role("link", name="show all causes").focus()
    signed_in.keyboard.press("Enter")
    expect(rows.filter(has_text="Which bank?")).to_have_count(1)


def test_with_the_keyboard_alone_it_is_taken_and_snoozed(signed_in: Page, application: Application) -> None:
    application.publish(*project(), blocker("Which window?"))
    need = signed_in.locator("#needs .need", has_text="Which window?")
    expect(need).to_be_visible()
    need.get_by_role("link", name="Reply").focus()
    signed_in.keyboard.press("a")
    expect(need).to_contain_text("Assigned to admin")
    signed_in.keyboard.press("r")
    drawer = signed_in.get_by_role("dialog", name="Details")
    expect(drawer.get_by_label("Your reply")).to_be_focused()
    drawer.get_by_text("Snooze", exact=True).first.focus()
    signed_in.keyboard.press("Enter")
    drawer.get_by_role("button", name="Until tomorrow 9:00").focus()
    signed_in.keyboard.press("Enter")
    expect(drawer).to_contain_text("Snoozed until")
    signed_in.keyboard.press("Escape")
    expect(signed_in.locator("#needs")).to_contain_text("1 snoozed blocker")


def test_two_people_see_each_other_answer(signed_in: Page, application: Application, complaints: Complaints) -> None:
    complaints.expected.append("409")
    application.publish(*project(), blocker("Which lamp?"))
    other = signed_in.context.new_page()
    other.route("**/state/", lambda route: route.abort())  # it hears of the answer no sooner than it has sent its own
    for page in (signed_in, other):
        page.goto(application.base_url)
        page.locator("#needs .need", has_text="Which lamp?").get_by_role("link", name="Reply").click()
        page.get_by_label("Your reply").fill(f"From {'one' if page is signed_in else 'the other'}")
    signed_in.get_by_role("button", name="Reply and unblock").click()
    expect(signed_in.get_by_role("dialog")).to_contain_text("admin replied: From one")
    other.get_by_role("button", name="Reply and unblock").click()
    expect(other.get_by_role("dialog")).to_contain_text("admin has just replied")
    other.unroute("**/state/")
    expect(other.get_by_role("dialog")).to_contain_text("admin replied: From one")
    other.close()


def test_it_works_without_javascript(signed_in: Page, application: Application) -> None:
    application.publish(*project(), blocker("Which chair?"))
    browser = signed_in.context.browser
    assert browser
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(application.cookies)
    page = context.new_page()
    expect(signed_in.locator("#needs")).to_contain_text("Which chair?")  # the other page does not move by itself
    page.goto(f"{application.base_url}/blocked/")
    page.get_by_role("row").filter(has_text="Which chair?").get_by_role("link", name="Reply").click()
    page.get_by_label("Your reply").fill("The green one")
    page.get_by_role("button", name="Reply and unblock").click()
    expect(page.locator("#blocker-state")).to_contain_text("admin replied: The green one")
    context.close()
