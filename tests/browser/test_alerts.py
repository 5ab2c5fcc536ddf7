"""Alerts in a real browser: one for each root cause, as each person wants them, and silence in quiet hours."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages.alerts.quiet_hours import QuietHours
from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import BOARD, OTHER_BOARD, event, project
from tests.browser.test_axe import serious
from tests.browser.test_connection import Line
from tests.waiting import wait_until

# What the page makes is recorded, and made all the same. `isHidden` stands for another tab in front.
RECORD = """
window.made = []; window.sounds = 0; window.asked = 0; window.isHidden = false;
Object.defineProperty(document, "hidden", { get: () => window.isHidden });
const Real = window.Notification;
window.Notification = class extends Real {
  constructor(title, options) { super(title, options); this.said = [title, options.body]; made.push(this); }
  static get permission() { return window.isAllowed ?? Real.permission; }
  static async requestPermission() { asked += 1; return (window.isAllowed = "granted"); }
};
// Playwright's own evaluations count as gestures.
addEventListener("pointerdown", () => (window.hasClicked = true), true);
Object.defineProperty(navigator, "userActivation", { get: () => ({ hasBeenActive: window.hasClicked === true }) });
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { sounds += 1; return start.apply(this, when); };
"""
SAID = "made.map((notification) => notification.said)"
AGREE = """async (cases) => {
  const { isQuiet } = await import("/static/js/interrupting.js");
  return cases.map(([quiet, moment]) => isQuiet(quiet, new Date(moment)));
}"""
PREFER = """(changed) => {
  const { dataset } = document.getElementById("preferences");
  dataset.preferences = JSON.stringify({ ...JSON.parse(dataset.preferences), ...changed });
}"""
AS_ON_A_PHONE = """
const onPhone = class { constructor() { throw new TypeError("Illegal constructor"); } };
Object.defineProperty(onPhone, "permission", { get: () => "granted" });
window.Notification = onPhone;
"""
SHOWN = """async () => {
  const [registration] = await navigator.serviceWorker.getRegistrations();
  return ((await registration?.getNotifications()) ?? []).map(({ title, body, data }) => [title, body, data.href]);
}"""
CLICK = """([href]) => new Promise((resolve) => {
  clients.openWindow = resolve;
  const clicked = new Event("notificationclick");
  clicked.notification = { close() {}, data: { href } };
  clicked.waitUntil = () => {};
  dispatchEvent(clicked);
})"""
HOSTILE = '"><img src=x onerror=alert(1)></script>'
AGENTS = ("agent_claude_1", "agent_claude_2", "agent_claude_3")


def blocked(description: str, number: int = 1, board: dict[str, str] = BOARD, **more: Any) -> dict[str, Any]:
    said = {"task_id": f"a{number}", "task_name": f"Task {number}", "agent_id": AGENTS[number % 3], "severity": "high"}
    return event("task_blocked", said | {"description": description} | more, board)


@pytest.fixture
def watched(page: Page, complaints: Complaints, application: Application) -> Page:
    """On Now, which may notify, and says what it made."""
    page.context.grant_permissions(["notifications"], origin=application.base_url)
    page.add_init_script(RECORD)
    if not application.cookies:
        application.publish(*project())
    application.sign_in(page)
    expect(page.locator("#connection")).to_have_text("Live")
    return page


@pytest.fixture
def line(page: Page) -> Line:
    return Line(page)


def made(page: Page, number: int) -> None:
    """So many notifications have been made, and no more."""
    wait_until(lambda: page.evaluate("made.length") >= number)
    assert page.evaluate("made.length") == number


def hide(page: Page) -> None:
    page.evaluate("window.isHidden = true")


def toast(page: Page, text: str) -> Any:
    return page.get_by_role("alert").filter(has_text=text)


def prefer(page: Page, **changed: Any) -> None:
    """As the server would have written them into the page."""
    page.evaluate(PREFER, changed)


def test_three_agents_with_one_complaint_are_one_toast_and_one_notification(
    watched: Page, application: Application
) -> None:
    hide(watched)
    application.publish(blocked("Staging is down", 1))
    expect(toast(watched, "Staging is down")).to_have_count(1)
    application.publish(blocked("Staging is down", 2), blocked("Staging is down", 3))
    application.publish(blocked("Staging is down", 1, OTHER_BOARD))
    expect(toast(watched, "Staging is down")).to_have_count(2)
    made(watched, 2)
    assert watched.evaluate(SAID)[0] == ["Task 1 is blocked", "Claude 2: Staging is down"]
    assert watched.evaluate("asked") == 0


def test_nothing_is_told_again_after_a_reconnection_or_on_another_page(
    line: Line, watched: Page, application: Application
) -> None:
    page = watched
    hide(page)
    application.publish(blocked("Told once"))
    made(page, 1)
    toast(page, "Told once").get_by_role("button", name="Close").click()
    line.cut()
    expect(page.locator("#connection")).not_to_have_text("Live")
    application.publish(blocked("While away"))
    line.mend()
    made(page, 2)
    assert [text for _, text in page.evaluate(SAID)] == ["Claude 2: Told once", "Claude 2: While away"]
    page.goto(f"{application.base_url}/boards/")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate(SAID) == []


def test_a_click_on_a_notification_or_a_toast_opens_the_blocker_beside_the_page(
    watched: Page, application: Application
) -> None:
    hide(watched)
    application.publish(blocked("Which colour?"))
    made(watched, 1)
    watched.evaluate("isHidden = false; made[0].dispatchEvent(new Event('click'))")
    drawer = watched.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("Which colour?")
    assert "?blocker=" in watched.url
    application.publish(blocked("Which size?"))
    link = toast(watched, "Which size?").get_by_role("link")
    link.focus()
    watched.keyboard.press("Enter")
    expect(drawer.get_by_role("heading", level=2)).to_have_text("Which size?")
    expect(toast(watched, "Which size?")).to_have_count(0)


def test_on_a_phone_a_notification_leads_to_the_page_of_the_blocker(watched: Page, application: Application) -> None:
    watched.add_init_script(AS_ON_A_PHONE)
    watched.reload()
    expect(watched.locator("#connection")).to_have_text("Live")
    hide(watched)
    application.publish(blocked("May it ship?"))
    wait_until(lambda: watched.evaluate(SHOWN))
    [(heading, text, href)] = watched.evaluate(SHOWN)
    assert (heading, text) == ("Task 1 is blocked", "Claude 2: May it ship?")
    [worker] = watched.context.service_workers
    assert worker.evaluate(CLICK, [href]) == href
    phone = watched.context.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(href)
    phone.get_by_label("Your reply").fill("The large one")
    phone.get_by_role("button", name="Reply and unblock").click()
    expect(phone.locator("#blocker-state")).to_contain_text("admin replied: The large one")


def test_permission_is_asked_for_in_the_drawer_by_a_click_alone(signed_in: Page, application: Application) -> None:
    signed_in.add_init_script(f"{RECORD}; window.isAllowed = 'default'")
    signed_in.goto(f"{application.base_url}/alerts/")
    expect(signed_in.locator("[data-permission]")).to_contain_text("when you open your first blocker")
    expect(signed_in.get_by_role("button", name="Allow")).to_be_hidden()
    signed_in.goto(application.base_url)
    expect(signed_in.locator("#ask")).to_be_hidden()
    signed_in.locator("#needs .need").first.get_by_role("link", name="Reply").click()
    expect(signed_in.locator("#ask")).to_contain_text("Get notified about new blockers")
    assert signed_in.evaluate("asked") == 0
    signed_in.get_by_role("button", name="Enable").press("Enter")
    expect(signed_in.locator("#ask")).to_have_text("Notifications are on.")
    assert signed_in.evaluate("asked") == 1


def test_who_says_not_now_is_not_asked_again(signed_in: Page, application: Application) -> None:
    signed_in.add_init_script(f"{RECORD}; window.isAllowed = 'default'")
    signed_in.goto(application.base_url)
    reply = signed_in.locator("#needs .need").first.get_by_role("link", name="Reply")
    reply.click()
    signed_in.get_by_role("button", name="Not now").click()
    signed_in.reload()
    expect(signed_in.get_by_role("dialog", name="Details")).to_contain_text("Your reply")
    expect(signed_in.locator("#ask")).to_be_hidden()
    signed_in.goto(f"{application.base_url}/alerts/")
    expect(signed_in.get_by_role("button", name="Allow")).to_be_visible()


def test_it_sounds_once_for_those_who_want_it_and_not_before_a_gesture(watched: Page, application: Application) -> None:
    prefer(watched, sound=True)
    application.publish(blocked("Silent"))
    expect(toast(watched, "Silent")).to_have_count(1)
    assert watched.evaluate("sounds") == 0
    watched.get_by_role("heading", name="Latest events").click()
    application.publish(blocked("Loud"), blocked("Loud", 2), blocked("Loud too"))
    wait_until(lambda: watched.evaluate("sounds") > 0)
    prefer(watched, sound=False)
    application.publish(blocked("Silent again"))
    expect(toast(watched, "Silent again")).to_have_count(1)
    assert watched.evaluate("sounds") == 2, "two notes"


def test_what_is_not_wanted_does_not_interrupt(watched: Page, application: Application) -> None:
    prefer(watched, boards=["bank"], severity="high")
    hide(watched)
    application.publish(
        blocked("Other board"),
        blocked("Too mild", board=OTHER_BOARD, severity="medium"),
        blocked("Just right", board=OTHER_BOARD, severity="critical"),
    )
    expect(toast(watched, "Just right")).to_have_count(1)
    expect(watched.get_by_role("alert")).to_have_count(1)
    made(watched, 1)


def test_texts_of_strangers_stay_text(watched: Page, application: Application) -> None:
    hide(watched)
    application.publish(blocked(HOSTILE, task_id=HOSTILE, task_name=HOSTILE))
    expect(watched.get_by_role("alert")).to_contain_text(HOSTILE)
    made(watched, 1)
    assert HOSTILE in watched.evaluate(SAID)[0][1]
    assert watched.locator("#toasts img").count() == 0


def test_quiet_hours_are_chosen_by_keyboard_keep_silence_and_tell_afterwards(
    watched: Page, application: Application
) -> None:
    watched.get_by_label("Menu of admin").press("Enter")
    watched.get_by_role("link", name="Alerts").press("Enter")
    watched.get_by_label("Enable quiet hours").press("Space")
    now = datetime.now(UTC)
    watched.get_by_label("From", exact=True).fill(f"{now - timedelta(hours=2):%H:%M}")
    watched.get_by_label("To", exact=True).fill(f"{now + timedelta(hours=2):%H:%M}")
    watched.get_by_label("Time zone").select_option("UTC")
    watched.get_by_role("button", name="Save").press("Enter")
    expect(watched.locator(".done")).to_have_text("Saved.")
    watched.goto(application.base_url)
    expect(watched.locator("#connection")).to_have_text("Live")
    hide(watched)
    open_now = int(watched.locator("#bell").get_attribute("data-open") or 0)
    application.publish(*(blocked("In the night", n) for n in (1, 2, 3)))
    expect(watched.locator("#bell")).to_have_attribute("data-open", str(open_now + 3))
    expect(watched).to_have_title(f"({open_now + 3}) Now · Marcus Events")
    expect(watched.get_by_role("alert")).to_have_count(0)
    assert watched.evaluate(SAID) == []
    prefer(watched, quiet=None)
    expect(watched.get_by_role("alert")).to_contain_text("3 blockers opened during your quiet hours")
    note = watched.get_by_role("region", name="opened during your quiet hours")
    note.get_by_role("link", name="In the night").click()
    expect(watched.get_by_role("dialog", name="Details")).to_contain_text("In the night")
    watched.keyboard.press("Escape")
    note.get_by_role("button", name="Mark as seen").click()
    watched.goto(f"{application.base_url}/alerts/")
    expect(watched.locator("#missed")).to_be_empty()
    watched.get_by_label("Enable quiet hours").uncheck()
    watched.get_by_role("button", name="Save").click()
    expect(watched.locator(".done")).to_have_text("Saved.")


def test_the_browser_and_the_server_agree_on_quiet_hours(signed_in: Page) -> None:
    hours = [
        QuietHours(time(begin), time(end), frozenset(days), zone)
        for begin, end in ((22, 7), (12, 13), (0, 0), (2, 3))
        for days in (range(1, 8), (6, 7), (1,))
        for zone in ("UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham", "America/New_York")
    ]
    begins = [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)]  # clocks change on the next day
    moments = [begin + timedelta(minutes=181 * n) for begin in begins for n in range(16)]
    cases = [(each, moment) for each in hours for moment in moments]
    asked = [[as_data(each), moment.isoformat()] for each, moment in cases]
    assert signed_in.evaluate(AGREE, asked) == [each.holds(moment) for each, moment in cases]


def as_data(hours: QuietHours) -> dict[str, Any]:
    begin, end = hours.begin.hour * 60, hours.end.hour * 60
    return {"from": begin, "to": end, "days": sorted(hours.days), "zone": hours.zone}


def test_axe_finds_nothing_serious_in_either_theme_and_a_phone_never_scrolls_sideways(
    signed_in: Page, application: Application
) -> None:
    signed_in.goto(f"{application.base_url}/alerts/")
    signed_in.get_by_label("Enable quiet hours").check()
    expect(signed_in.locator("#connection")).to_have_text("Live")
    application.publish(blocked("For axe"))
    expect(signed_in.get_by_role("alert")).to_contain_text("For axe")
    for theme in ("light", "dark"):
        signed_in.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        assert serious(signed_in) == []
    signed_in.set_viewport_size({"width": 390, "height": 844})
    assert signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_form_works_without_javascript(signed_in: Page, application: Application) -> None:
    browser = signed_in.context.browser
    assert browser
    context = browser.new_context(storage_state=signed_in.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{application.base_url}/alerts/")
    page.get_by_label("Enable quiet hours").check()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Critical").check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    told = json.loads(page.locator("#preferences").get_attribute("data-preferences") or "")
    assert (told["severity"], told["quiet"]["zone"]) == ("critical", "Asia/Tokyo")
    context.close()
