"""Tests in a real Chromium against the real application; skipped without Chromium.

A test fails on browser complaints: console errors, script exceptions, and violations of the content security policy. A
test lists complaints that it provokes in `complaints.expected`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser import chromium
from tests.browser.application import Application, drop_template
from tests.browser.storefront import blocker, project, resolution
from tests.waiting import TIMEOUT_S

HERE = Path(__file__).parent
expect.set_options(timeout=TIMEOUT_S * 1000)  # a page on a slow machine is waited for as everything else is
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", event =>
    console.error(`CSP: ${event.violatedDirective} kept ${event.blockedURI} from ${event.sourceFile}`))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if (path := chromium.find()) is None:
        pytest.skip("there is no Chromium on this machine")
    # Started by root in a container there is no sandbox to be had; the pages are our own.
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": path, "args": quiet}


@pytest.fixture(scope="session", autouse=True)
def no_template_is_left() -> Iterator[None]:
    yield
    drop_template()


@pytest.fixture(scope="module")
def application(request: pytest.FixtureRequest) -> Iterator[Application]:
    """One application per test module, with an empty log and without the demo."""
    name = re.sub(r"\W+", "_", request.module.__name__)
    with Application(f"test_{name}") as running:
        yield running


class Complaints(list[str]):
    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def unexpected(self) -> list[str]:
        return [said for said in self if not any(part in said for part in self.expected)]


@pytest.fixture
def complaints(page: Page) -> Iterator[Complaints]:
    found = Complaints()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.add_init_script(TELL_VIOLATIONS)
    yield found
    assert not found.unexpected()


@pytest.fixture
def signed_in(page: Page, application: Application, complaints: Complaints) -> Page:
    """A page of the administrator, on Now."""
    application.sign_in(page)
    return page


@pytest.fixture
def busy(signed_in: Page, application: Application) -> Page:
    application.begin(signed_in, *project(), blocker("First", "t3"), resolution("t3"), blocker("Which provider?"))
    return signed_in


@pytest.fixture
def integrations(signed_in: Page, application: Application) -> Page:
    application.begin(signed_in, *project())
    signed_in.goto(f"{application.base_url}/integrations/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


@pytest.fixture
def without_javascript(integrations: Page) -> Iterator[Page]:
    browser = integrations.context.browser
    assert browser
    context = browser.new_context(storage_state=integrations.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(integrations.url)
    yield page
    context.close()
