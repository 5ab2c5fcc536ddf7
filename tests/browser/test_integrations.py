"""Integrations in a browser: a token from its making to its end, checking an event, and what was refused."""

from __future__ import annotations

import json

import httpx
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import event
from tests.browser.test_axe import serious

BAD = json.dumps({"event_type": "x", "source": "y", "data": {"a": [1, 2**60]}})
GOOD = json.dumps(event("task_blocked", {"task_id": "t2", "agent_id": "agent_claude_1", "description": "No key"}))


def make(page: Page, name: str) -> str:
    page.get_by_text("New token").click()
    page.get_by_label("What it is for").fill(name)
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text("will not be shown again")).to_be_visible()
    return page.locator("#made").inner_text()


def revoke(page: Page, name: str) -> None:
    row = page.get_by_role("row", name=name)
    row.get_by_text("Revoke", exact=False).first.click()
    if (confirm := row.get_by_label("to confirm")).count():
        confirm.fill(name)
    row.get_by_role("button", name="Revoke token").click()


def post(application: Application, token: str, **stated: str) -> int:
    stated = stated or {"event_type": "deploy_finished", "source": "ci"}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{application.base_url}/api/events", json=stated, headers=headers).status_code


def test_a_token_is_made_shown_once_used_and_revoked(integrations: Page, application: Application) -> None:
    token = make(integrations, "build server")
    expect(integrations.locator("#snippet-curl")).to_contain_text(f"Bearer {token}")
    assert token not in integrations.url
    assert post(application, token) == httpx.codes.CREATED
    integrations.goto(f"{application.base_url}/integrations/")
    expect(integrations.get_by_role("row", name="build server")).to_contain_text("ago")
    assert token not in integrations.content()
    revoke(integrations, "build server")
    expect(integrations.get_by_text("build server has been revoked.")).to_be_visible()
    assert post(application, token) == httpx.codes.UNAUTHORIZED


def test_neither_reloading_nor_going_back_shows_a_token_again_or_makes_another(
    integrations: Page, application: Application
) -> None:
    token = make(integrations, "once")
    integrations.goto(f"{application.base_url}/blocked/")
    integrations.go_back()
    for _ in range(2):
        expect(integrations.get_by_role("row", name="once")).to_have_count(1)
        expect(integrations.locator("#connection")).to_have_text("Live")
        assert token not in integrations.content()
        integrations.reload()


def test_the_new_token_and_a_program_are_copied(integrations: Page, application: Application) -> None:
    integrations.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=application.base_url)
    token = make(integrations, "to copy")
    integrations.get_by_role("button", name="Copy").first.click()
    expect(integrations.get_by_role("button", name="Copied")).to_be_visible()
    assert integrations.evaluate("navigator.clipboard.readText()") == token
    integrations.get_by_text("JavaScript", exact=True).click()
    integrations.locator("[data-language=javascript]").get_by_role("button").click()
    program = integrations.evaluate("navigator.clipboard.readText()")
    assert program == integrations.locator("#snippet-javascript").text_content()
    assert token in program
    integrations.evaluate(f"(async () => {{ {program} }})()")
    integrations.goto(f"{application.base_url}/activity/?board=first-steps")
    expect(integrations.locator("#stream > .row").first).to_contain_text("is at 80% on Try it")


def test_the_question_before_revoking_moves_nothing_and_closes_as_menus_do(integrations: Page) -> None:
    make(integrations, "kept")
    row = integrations.get_by_role("row", name="kept")
    before = row.bounding_box()
    row.locator("summary").click()
    question = integrations.get_by_text("Programs that use it lose access immediately").filter(visible=True)
    expect(question).to_be_visible()
    assert row.bounding_box() == before
    integrations.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(row.locator("summary")).to_be_focused()


def test_an_event_is_checked_in_place_and_not_stored(
    integrations: Page, application: Application, complaints: Complaints
) -> None:
    complaints.expected += ["413", "Response Status Error Code"]
    checked = integrations.locator("#checked")
    integrations.get_by_label("A dry run").fill(BAD)
    integrations.get_by_role("button", name="Validate").click()
    expect(checked).to_contain_text("This event would be rejected")
    expect(checked).to_contain_text("/data/a/1 is a number beyond 2^53-1; send it as a string limit: number")
    integrations.get_by_label("A dry run").fill(GOOD)
    integrations.get_by_role("button", name="Validate").click()
    expect(checked).to_contain_text("Claude 1 is blocked on Build login: No key")
    assert integrations.url == f"{application.base_url}/integrations/"
    expect(integrations.get_by_role("link", name="No open blockers")).to_be_attached()
    # More than a request may hold
    integrations.get_by_label("A dry run").evaluate("field => field.value = 'x'.repeat(2 ** 20 + 1)")
    integrations.get_by_role("button", name="Validate").click()
    expect(checked).to_have_text("This is larger than 1 MiB, the limit for a request.")


def test_a_refused_request_appears_by_itself(integrations: Page, application: Application) -> None:
    refused = integrations.locator("#refused")
    for _ in range(2):
        assert post(application, "mev_nobodyknowsthisone") == httpx.codes.UNAUTHORIZED
    row = refused.get_by_role("row", name="Unknown token").filter(has_text="mev_nobo…")
    expect(row).to_contain_text("POST /api/events", timeout=15_000)
    expect(row.locator("td").last).to_have_text("2")
    expect(refused).not_to_contain_text("nobodyknowsthisone")


def test_the_keyboard_alone_makes_checks_and_revokes(integrations: Page) -> None:
    press, focused = integrations.keyboard.press, integrations.locator(":focus")
    integrations.locator("#make > summary").focus()
    press("Enter")
    press("Tab")
    integrations.keyboard.type("by hand")
    press("Enter")
    expect(focused).to_have_accessible_name("Copy")
    integrations.get_by_role("radio", name="curl", exact=True).focus()
    press("ArrowRight")
    expect(integrations.locator("#snippet-client")).to_be_visible()
    expect(integrations.locator("#snippet-curl")).to_be_hidden()
    integrations.get_by_label("A dry run").focus()
    integrations.keyboard.type("{}")
    press("Tab")
    press("Enter")
    expect(integrations.locator("#checked")).to_contain_text("/event_type must be a non-empty string")
    integrations.get_by_role("row", name="by hand").locator("summary").focus()
    press("Enter")
    press("Tab")
    press("Enter")
    expect(integrations.get_by_text("by hand has been revoked.")).to_be_visible()


def test_with_everything_open_axe_finds_nothing_serious_and_a_phone_never_scrolls_sideways(integrations: Page) -> None:
    make(integrations, "with-a-long-name-" * 5)
    unknown = json.dumps({"event_type": "x" * 500, "source": "y"})
    integrations.get_by_label("A dry run").fill(f"[{BAD}, {GOOD}, {unknown}]")
    integrations.get_by_role("button", name="Validate").click()
    expect(integrations.locator("#checked .verdict-line")).to_be_visible()
    integrations.evaluate("document.querySelectorAll('main details').forEach(part => part.open = true)")
    integrations.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert serious(integrations) == []
    integrations.emulate_media(color_scheme="dark")
    assert serious(integrations) == []
    integrations.set_viewport_size({"width": 390, "height": 844})
    assert integrations.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_without_javascript_the_page_works(without_javascript: Page, application: Application) -> None:
    page = without_javascript
    token = make(page, "without script")
    assert post(application, token) == httpx.codes.CREATED
    page.reload()  # which sends the form again
    expect(page.get_by_text("A token with this name already exists.")).to_be_visible()
    page.get_by_text("urllib", exact=True).click()
    expect(page.locator("#snippet-urllib")).to_be_visible()
    expect(page.locator("#snippet-curl")).to_be_hidden()
    page.get_by_label("A dry run").fill(BAD)
    page.get_by_role("button", name="Validate").click()
    expect(page.locator("#checked")).to_contain_text("This event would be rejected")
    expect(page.get_by_label("A dry run")).to_have_value(BAD)
    revoke(page, "without script")
    assert post(application, token) == httpx.codes.UNAUTHORIZED
