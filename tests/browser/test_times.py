"""Times for a reader in another time zone: dates where they are needed, the zone, an hour that comes twice."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, event, project, resolution

BERLIN = "Europe/Berlin"
TIME_ALONE = re.compile(r"^\d\d:\d\d$")
TASK = "/tasks/?board=shop&task=t2"
FORMAT = """async ([moments, form]) => {
  const { format } = await import("/static/js/times.js");
  return moments.map((moment) => format(new Date(moment), form));
}"""
AHEAD = """async () => {
  const { format, serverNow } = await import("/static/js/times.js");
  const now = serverNow();
  const at = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 13, 5);
  return [0, 1, 2].map((days) => format(at(days), "ahead"));
}"""
A_DAY_LATER = """async () => {
  const { localise, setServerTime } = await import("/static/js/times.js");
  const time = `<time datetime="${new Date().toISOString()}" data-time="short"></time>`;
  document.body.insertAdjacentHTML("beforeend", `<p id="one">${time}</p>`);
  const one = document.getElementById("one");
  localise(one);
  const before = one.textContent;
  setServerTime(new Date(Date.now() + 86_400_000));
  localise(one);
  return [before, one.textContent];
}"""
PAGES = ("/", "/boards/", "/boards/shop/", TASK, "/activity/", "/blocked/", "/agents/", "/history/", "/integrations/")
MANAGING = ("/people/", "/audit/", "/retention/", "/alerts/", "/admin/", "/admin/auth/user/")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "timezone_id": BERLIN}


@pytest.fixture
def in_berlin(signed_in: Page, application: Application) -> Page:
    happened = ((said, timedelta(days=40) - timedelta(minutes=n)) for n, said in enumerate(project()))
    application.begin(
        signed_in,
        *(at(said, ago) for said, ago in happened),
        at(blocker("Which provider?"), timedelta(days=3)),
        at(resolution("t2"), timedelta(days=2)),
        event("task_progress", {"task_id": "t2", "progress": 60}),
    )
    return signed_in


def at(said: dict[str, Any], ago: timedelta) -> dict[str, Any]:
    return said | {"timestamp": (datetime.now(UTC) - ago).isoformat()}


def date(ago: timedelta) -> str:
    """As the pages write it in Berlin: "9 Nov"; the year too where it is not this one."""
    now = datetime.now(ZoneInfo(BERLIN))
    then = (now.astimezone(UTC) - ago).astimezone(now.tzinfo)
    return f"{then:%-d %b}" if then.year == now.year else f"{then:%-d %b %Y}"


def test_each_page_names_the_time_zone_once(in_berlin: Page, application: Application) -> None:
    for path in (*PAGES, *MANAGING):
        in_berlin.goto(application.base_url + path)
        expect(in_berlin.locator(".time-zone")).to_have_text(f"Times in {BERLIN}")  # and but one


def test_a_time_ahead_names_its_day(in_berlin: Page) -> None:
    today, tomorrow, later = in_berlin.evaluate(AHEAD)
    assert (today, tomorrow) == ("today 13:05", "tomorrow 13:05")
    assert re.fullmatch(r"[A-Z][a-z]{2} 13:05", later.replace(",", ""))


def test_an_hour_that_comes_twice_is_told_apart(in_berlin: Page) -> None:
    moments = ["2026-10-24T23:30Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z", "2026-03-29T01:30Z"]
    assert in_berlin.evaluate(FORMAT, [moments, "minutes"]) == ["01:30", "02:30 CEST", "02:30 CET", "03:30", "03:30"]
    for form in ("seconds", "weekday", "full", "short", "ahead", "axis"):
        plain, first, second, *others = in_berlin.evaluate(FORMAT, [moments, form])
        assert ("CEST" in first, "CET" in second) == (True, True), form
        assert not any("CE" in text for text in (plain, *others)), form


def test_an_hour_that_comes_twice_in_other_zones(in_berlin: Page, application: Application, browser: Browser) -> None:
    for zone, moments in {
        "America/New_York": ["2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-01T07:30Z"],
        "Australia/Lord_Howe": ["2026-04-04T14:45Z", "2026-04-04T15:15Z", "2026-04-04T15:45Z"],
        "UTC": ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"],
    }.items():
        page = browser.new_context(timezone_id=zone).new_page()
        application.sign_in(page)
        first, second, later = page.evaluate(FORMAT, [moments, "minutes"])
        assert first[:5] == second[:5] if zone != "UTC" else first != second
        assert len({first, second, later}) == 3
        assert len(later) == 5
        expect(page.locator(".time-zone")).to_have_text(f"Times in {zone.replace('_', ' ')}")
        page.context.close()


def test_the_histogram_of_several_days_says_the_date(in_berlin: Page, application: Application) -> None:
    for path in ("/activity/?q=since:7d", "/history/"):
        in_berlin.goto(application.base_url + path)
        marks = in_berlin.locator("#histogram .chart-marks time")
        expect(marks.first).to_be_visible()
        for text in marks.all_inner_texts():
            assert len(text.split("\n")) == 2, text
    in_berlin.goto(f"{application.base_url}/activity/?q=since:2h")
    expect(in_berlin.locator("#histogram .chart-marks time").first).to_have_text(TIME_ALONE)


def test_a_task_of_some_days_says_the_date(in_berlin: Page, application: Application) -> None:
    in_berlin.goto(application.base_url + TASK)
    created = date(timedelta(days=40))
    expect(in_berlin.locator("#timeline .chart-axis")).to_contain_text(f"{created}, ")
    times = in_berlin.locator("#events .told-time time")
    expect(times.first).to_have_text(TIME_ALONE)
    expect(times.last).to_have_text(in_berlin.evaluate(FORMAT, [[times.last.get_attribute("datetime")], "short"])[0])
    expect(times.last).to_contain_text(", ")


def test_the_timeline_of_agents_says_the_date(in_berlin: Page, application: Application) -> None:
    for span, has_date in (("1h", False), ("6h", False), ("24h", True), ("7d", True)):
        in_berlin.goto(f"{application.base_url}/agents/?span={span}")
        texts = in_berlin.locator("#timeline-axis time").all_text_contents()
        assert texts
        assert {"\n" in text for text in texts} == {has_date}, span


def test_a_date_appears_when_its_day_is_over(in_berlin: Page) -> None:
    today, tomorrow = in_berlin.evaluate(A_DAY_LATER)
    assert TIME_ALONE.match(today)
    assert re.fullmatch(rf"\d+ \w+( \d+)?, {today}", tomorrow)
