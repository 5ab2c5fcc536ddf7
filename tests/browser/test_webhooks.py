"""A webhook on Integrations: created, tested, called by the server when a blocker ends, and deleted."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, resolution
from tests.browser.test_axe import serious
from tests.waiting import wait_until
from tests.webhooks.receiver import Receiver, is_genuine

SECRET = re.compile(r"^whsec_\S+$")


def create(page: Page, url: str) -> str:
    """Create a webhook, and return its secret."""
    page.locator("#create-webhook summary").click()
    page.get_by_role("textbox", name=re.compile("^URL")).fill(url)
    page.get_by_role("button", name="Create webhook").click()
    secret = page.locator("#webhook-secret")
    expect(secret).to_have_text(SECRET)
    return secret.inner_text()


def row_of(page: Page, url: str) -> Locator:
    return page.locator("#webhooks [data-row]", has_text=url)


def delete(page: Page, url: str) -> None:
    row = row_of(page, url)
    row.get_by_text("Delete", exact=False).first.click()
    row.get_by_role("button", name="Delete webhook").click()
    expect(page.get_by_text("The webhook has been deleted.")).to_be_visible()
    expect(row_of(page, url)).to_have_count(0)


def test_a_webhook_is_created_tested_called_and_deleted(integrations: Page, application: Application) -> None:
    with Receiver() as receiver:
        secret = create(integrations, receiver.url)
        integrations.reload()
        assert secret not in integrations.content()
        row = row_of(integrations, receiver.url)
        row.get_by_role("button", name="Send a test").click()
        expect(integrations.get_by_text("The receiver responded with 204 No Content.")).to_be_visible()
        expect(integrations.locator("#connection")).to_have_text("Live")
        application.publish(blocker("Which provider?", "t3"), resolution("t3"))
        expect(row).to_contain_text("Last delivery: delivered")
        tested, resolved = receiver.received
        assert (tested.message["type"], resolved.data["question"]) == ("test", "Which provider?")
        assert is_genuine(secret, tested)
        assert is_genuine(secret, resolved)
        delete(integrations, receiver.url)


def test_it_works_without_javascript(without_javascript: Page) -> None:
    with Receiver() as receiver:
        page = without_javascript
        secret = create(page, receiver.url)
        row = row_of(page, receiver.url)
        row.get_by_role("button", name="Turn off").click()
        expect(page.get_by_text("The webhook is off.")).to_be_visible()
        row.get_by_role("button", name="Turn on").click()
        expect(page.get_by_text("The webhook is on.")).to_be_visible()
        row.get_by_text("New secret", exact=False).first.click()
        row.get_by_role("button", name="Create a new secret").click()
        expect(page.locator("#webhook-secret")).to_have_text(SECRET)
        assert page.locator("#webhook-secret").inner_text() != secret
        row.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("The receiver responded with 204 No Content.")).to_be_visible()
        delete(page, receiver.url)
        wait_until(lambda: len(receiver.received) == 1)


def test_axe_finds_nothing_serious_in_a_list_or_a_form_in_either_theme(integrations: Page) -> None:
    url = "http://127.0.0.1:9/hook"
    create(integrations, url)
    row_of(integrations, url).get_by_role("button", name="Send a test").click()
    expect(integrations.get_by_text("No connection: ")).to_be_visible()
    integrations.locator("#create-webhook summary").click()
    integrations.get_by_role("textbox", name=re.compile("^URL")).fill(url)
    integrations.get_by_role("button", name="Create webhook").click()
    expect(integrations.get_by_text("There is already a webhook with this URL.")).to_be_visible()
    for scheme in ("light", "dark"):
        integrations.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert serious(integrations) == []
    delete(integrations, url)
