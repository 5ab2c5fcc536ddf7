"""What every page stands on: signing in, the content security policy, an orderly end."""

import signal

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints

ADD_INLINE_SCRIPT = """() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = 1";
    document.body.append(script);
}"""


def test_a_one_time_link_signs_in_once(page: Page, application: Application, complaints: Complaints) -> None:
    complaints.expected.append("410")
    link = application.sign_in_link()
    page.goto(link)
    page.get_by_role("button", name="Sign in as admin").click()
    expect(page).to_have_url(f"{application.base_url}/")
    page.goto("about:blank")  # Now would notice that it is signed out, and go elsewhere by itself
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text("This link is no longer valid")
    expect(page.get_by_role("button")).to_have_count(0)


def test_an_inline_script_does_not_run_and_is_noticed(signed_in: Page, complaints: Complaints) -> None:
    complaints.expected += ["CSP: script-src", "Content Security Policy"]
    signed_in.evaluate(ADD_INLINE_SCRIPT)
    assert signed_in.evaluate("() => window.ran") is None
    assert complaints


@pytest.mark.parametrize("path", ["/", "/activity/", "/admin/", "/ws/live/"])
def test_a_stranger_is_sent_to_sign_in_or_away(application: Application, path: str) -> None:
    answer = httpx.get(application.base_url + path)
    assert answer.status_code in {httpx.codes.FOUND, httpx.codes.NOT_FOUND}


def test_a_host_that_is_not_ours_is_refused(application: Application) -> None:
    answer = httpx.get(f"{application.base_url}/sign-in/", headers={"Host": "evil.example"})
    assert answer.status_code == httpx.codes.BAD_REQUEST


def test_it_ends_in_order_and_comes_back_at_the_same_address(application: Application) -> None:
    application.end(signal.SIGTERM)
    application.start()
    application.end(signal.SIGKILL)
    application.start()
    assert application.answers()
