"""What axe finds on every page, in both themes. A file of its own, so that it runs beside the others."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.pages import PATHS

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_axe_finds_nothing_serious_in_either_theme(busy: Page, application: Application, path: str) -> None:
    busy.emulate_media(color_scheme="light", reduced_motion="reduce")
    busy.goto(application.base_url + path)
    expect(busy.locator("#connection")).to_have_text("Live")
    assert serious(busy) == []
    busy.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert serious(busy) == []


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/link/MQ/void/", "/api/docs"])
def test_axe_finds_nothing_serious_at_the_door(page: Page, application: Application, path: str) -> None:
    page.goto(application.base_url + path)
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
