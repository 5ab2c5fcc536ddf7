"""The admin in a browser: it does what the policy of the pages allows, everyone can use it, and it fits a phone.

A violation of the policy, or an error of a script, is a complaint, and ends the test.
"""

from playwright.sync_api import Page

from tests.browser.application import Application
from tests.browser.storefront import blocker, project
from tests.browser.test_axe import serious

EVENTS = "/admin/marcus_events/loggedevent/"
PATHS = ("/admin/", EVENTS, f"{EVENTS}3/change/", "/admin/auth/user/", "/admin/auth/user/1/change/")


def test_every_kind_of_page_is_reachable_and_within_the_policy(signed_in: Page, application: Application) -> None:
    application.begin(signed_in, *project(), blocker("Which provider?"))
    for path in PATHS:
        for theme in ("light", "dark"):
            signed_in.emulate_media(color_scheme=theme, reduced_motion="reduce")
            signed_in.goto(application.base_url + path)
            assert serious(signed_in) == [], path
        signed_in.set_viewport_size({"width": 390, "height": 844})
        assert signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        signed_in.set_viewport_size({"width": 1280, "height": 800})
