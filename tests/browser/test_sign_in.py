"""Signing in while pages are open: nothing that was typed is lost, and nothing is sent as somebody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, project

TEXT = "Use the staging key"


def open_answer(page: Page, application: Application, question: str) -> Locator:
    application.publish(*project(), blocker(question))
    page.locator("#needs .need", has_text=question).get_by_role("link", name="Reply").click()
    drawer = page.get_by_role("dialog", name="Details")
    drawer.get_by_label("Your reply").fill(TEXT)
    return drawer


def sign_in_beside(page: Page, application: Application, user: str) -> None:
    """In another tab of the same browser, where the page's own session is signed out of first."""
    sign_out_beside(page, application)
    tab = page.context.new_page()
    tab.goto(application.manage("login_link", user))
    tab.get_by_role("button", name=f"Sign in as {user}").click()
    expect(tab).to_have_url(f"{application.base_url}/")
    tab.close()


def sign_out_beside(page: Page, application: Application) -> None:
    tab = page.context.new_page()
    tab.goto(f"{application.base_url}/alerts/")
    tab.locator("details.menu > summary").last.click()
    tab.get_by_role("button", name="Sign out").click()
    expect(tab).to_have_url(f"{application.base_url}/sign-in/")
    tab.close()
    application.cookies = []


@pytest.fixture
def sent(signed_in: Page) -> list[str]:
    """The answers to the forms of the page."""
    found: list[str] = []
    signed_in.on(
        "response", lambda answer: found.append(str(answer.status)) if answer.request.method == "POST" else None
    )
    return found


def test_an_answer_is_sent_after_a_new_sign_in_in_another_tab(
    signed_in: Page, application: Application, sent: list[str]
) -> None:
    drawer = open_answer(signed_in, application, "Which key?")
    sign_in_beside(signed_in, application, "admin")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer).to_contain_text(f"admin replied: {TEXT}")
    assert sent == ["200"]


def test_an_answer_is_not_sent_as_somebody_else_and_stays_on_the_page(
    signed_in: Page, application: Application, sent: list[str]
) -> None:
    drawer = open_answer(signed_in, application, "Which door?")
    form: dict[str, str | float | bool] = {"username": "grace", "role": "administrator", "sees": "every"}
    token = next(cookie["value"] for cookie in signed_in.context.cookies() if cookie["name"] == "csrftoken")
    made = signed_in.request.post(f"{application.base_url}/people/", form=form | {"csrfmiddlewaretoken": token})
    assert made.ok
    sign_in_beside(signed_in, application, "grace")
    drawer.get_by_role("button", name="Reply and unblock").click()
    expect(drawer.get_by_role("alert")).to_contain_text("now signed in as grace")
    expect(drawer.get_by_label("Your reply")).to_have_value(TEXT)
    assert sent == []


def test_an_answer_stays_on_the_page_of_one_who_has_signed_out(signed_in: Page, application: Application) -> None:
    drawer = open_answer(signed_in, application, "Which gate?")
    sign_out_beside(signed_in, application)
    expect(drawer.get_by_text("You are signed out")).to_be_visible()
    expect(drawer.get_by_label("Your reply")).to_have_value(TEXT)
    expect(drawer.get_by_role("link", name="sign in on another tab")).to_be_visible()


def test_without_scripts_a_page_that_is_out_of_date_says_so_and_keeps_what_was_typed(
    application: Application, browser: Browser
) -> None:
    application.publish(*project(), blocker("Which lock?"))
    with browser.new_context(java_script_enabled=False) as context:
        page, tab = context.new_page(), context.new_page()
        for one in (page, tab):
            context.clear_cookies(name="sessionid")
            one.goto(application.manage("login_link", "admin"))
            one.get_by_role("button", name="Sign in as admin").click()
            expect(one).to_have_url(f"{application.base_url}/")
            if one is page:
                page.goto(f"{application.base_url}/blocked/")
                page.get_by_role("link", name="Reply").first.click()
                page.get_by_label("Your reply").fill(TEXT)
        page.get_by_role("button", name="Reply and unblock").click()
        expect(page.get_by_role("heading")).to_have_text("This page is out of date")
        page.go_back()
        expect(page.get_by_label("Your reply")).to_have_value(TEXT)
