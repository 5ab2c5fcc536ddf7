"""Something is redacted while people look at it: no open page shows it any more, and what they were typing is kept."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import blocker, decision, event, project

SECRET = "wqzxkvjy"


@pytest.fixture
def secrets(application: Application, signed_in: Page) -> dict[str, int]:
    """The positions of a task, a blocker and a decision that hold the secret."""
    application.begin(signed_in, *project())
    named = event("task_created", {"task_id": "t9", "task_name": f"Task {SECRET}", "description": SECRET})
    application.publish(named, blocker(f"Blocker {SECRET}", "t9"), decision(f"Decision {SECRET}"))
    expect(signed_in.locator("#needs")).to_contain_text(f"Blocker {SECRET}")
    positions = [found["position"] for found in logged(application)]
    return dict(zip(("decision", "blocker", "task"), positions, strict=True))


def logged(application: Application) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {application.full_token}"}
    query = {"q": SECRET, "limit": "3"}
    found = httpx.get(f"{application.base_url}/api/events", params=query, headers=headers).json()["events"]
    return [one for one in found if SECRET in str(one["data"])]


def redact(application: Application, positions: dict[str, int]) -> None:
    for position in positions.values():
        application.manage("redact", str(position), "--reason", "It held a password")


def opened(context: BrowserContext, application: Application, path: str) -> Page:
    page = context.new_page()
    page.goto(application.base_url + path)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page


def test_no_open_page_shows_it_any_more(
    application: Application, signed_in: Page, secrets: dict[str, int], complaints: Complaints
) -> None:
    paths = [
        "/",
        "/activity/",
        f"/activity/?event={secrets['decision']}",
        f"/activity/{secrets['blocker']}/",
        f"/blocked/?blocker={secrets['blocker']}",
        "/boards/shop/?card=board%3Dshop%26task%3Dt9",
        "/tasks/?board=shop&task=t9",
        "/history/?q=type:task_blocked",
    ]
    pages = [opened(signed_in.context, application, path) for path in paths]
    for page in pages:
        expect(page.locator("body")).to_contain_text(SECRET)
    assert SECRET in pages[3].title() + pages[6].title()
    redact(application, secrets)
    for page in pages:
        page.wait_for_function("secret => !document.documentElement.outerHTML.includes(secret)", arg=SECRET)
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        assert SECRET not in page.content() + page.title()
    expect(pages[2].locator("#drawer-body")).to_contain_text("redacted by command line")


def test_what_somebody_types_is_kept(
    application: Application, signed_in: Page, secrets: dict[str, int], complaints: Complaints
) -> None:
    page = opened(signed_in.context, application, f"/blocked/?blocker={secrets['blocker']}")
    answer = page.locator("#drawer-body textarea[name=answer]")
    answer.fill("Use the other key")
    application.manage("redact", str(secrets["decision"]), "--reason", "It held a password")
    page.wait_for_function(
        "record => Number(document.getElementById('beat').dataset.redaction) > record", arg=secrets["decision"]
    )
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(answer).to_have_value("Use the other key")
    assert page.evaluate("sessionStorage.getItem('typed')") == "[]"
