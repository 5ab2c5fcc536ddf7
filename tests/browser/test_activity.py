"""Activity: filters, pause, rows that are held back while somebody reads, and an event's details."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.application import Application
from tests.browser.conftest import Complaints
from tests.browser.storefront import OTHER_BOARD, blocker, decision, event, progress, project
from tests.waiting import wait_until

# What the page tells of: single rows and heads of folds, rows within folds, what gaps stand for, what made room.
COUNT = """() => {
  const all = (selector) => [...document.querySelectorAll(`#stream > ${selector}`)];
  const inGaps = all(".gap").reduce((sum, gap) => sum + Number(gap.dataset.count), 0);
  const letGo = Number(document.querySelector("[data-stream]").dataset.letGo ?? 0);
  return [all(".row:not(.inside)").length, all(".row.inside").length, inGaps, letGo];
}"""
FOLD_MANY = """async () => {
  const { fold } = await import("/static/js/folds.js");
  const list = document.createElement("ol");
  for (let position = 900; position; position--) {
    if (position % 30 === 0) list.append(Object.assign(document.createElement("li"), { className: "mark" }));
    const row = Object.assign(document.createElement("li"), { className: "row" });
    row.innerHTML = '<p class="row-text"></p>';
    Object.assign(row.dataset, { position, burst: "alike" });
    list.append(row);
  }
  for (const _ of "again and again") fold(list, "/rows?");
  const items = [...list.querySelectorAll("[data-position]")];
  const told = items.reduce((sum, { dataset }) => sum + Number(dataset.count ?? 1), 0);
  const counts = [...list.querySelectorAll(".fold")].map((button) => button.firstElementChild.textContent);
  return [list.querySelectorAll(".row[hidden]").length, counts, told];
}"""
MOMENT = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
KEEP_MESSAGES = """() => {
  window.kept = [];
  addEventListener("htmx:wsBeforeMessage", (event) => {
    if (!window.kept) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    window.kept.push(event.detail.message);
  }, { capture: true });
}"""
GIVE_AT_ONCE = """() => {
  const messages = window.kept;
  window.kept = null;
  for (const message of messages) {
    document.dispatchEvent(new CustomEvent("htmx:wsBeforeMessage", { cancelable: true, detail: { message } }));
  }
}"""
WATCH_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shift += value; })
  .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def activity(signed_in: Page, application: Application) -> Page:
    application.begin(signed_in, *project())
    signed_in.goto(f"{application.base_url}/activity/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


def test_a_filter_is_in_the_address_and_applies_to_what_comes(activity: Page, application: Application) -> None:
    activity.get_by_label("Type").select_option("task_started")
    expect(activity).to_have_url(f"{application.base_url}/activity/?type=task_started")
    expect(activity.locator("#stream > .row")).to_have_count(1)
    expect(activity.locator("#connection")).to_have_text("Live")
    application.publish(progress("Not of that type"), event("task_started", {"task_id": "t3", "agent_id": "a"}))
    expect(activity.locator("#stream > .row").first).to_contain_text("started Write tests")
    expect(activity.locator("#stream")).not_to_contain_text("Not of that type")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("category=agent", "Claude 1", "Send invoices"),
        ("board=bank", "Send invoices", "Build login"),
        ("agent=claude_1", "finished Design schema", "Send invoices"),
        ("q=-board:shop", "Send invoices", "Build login"),
    ],
)
def test_what_can_be_filtered_by(activity: Page, application: Application, query: str, shown: str, hidden: str) -> None:
    activity.goto(f"{application.base_url}/activity/?{query}")
    expect(activity.locator("#stream")).to_contain_text(shown)
    expect(activity.locator("#stream")).not_to_contain_text(hidden)


def test_a_query_that_cannot_be_read_is_explained(activity: Page, complaints: Complaints) -> None:
    complaints.expected.append("400")
    activity.get_by_role("searchbox").fill("colour:red")
    activity.keyboard.press("Enter")
    expect(activity.get_by_role("alert")).to_contain_text("“colour” is not a field")
    expect(activity.locator("#connection")).to_have_text("Live")


@pytest.mark.parametrize("query", ["invoices", '"send invoices"', 'task:"Send invoices"', '"Send" -login'])
def test_what_the_page_calls_things_can_be_searched_for(activity: Page, query: str) -> None:
    activity.get_by_role("searchbox").fill(query)
    activity.keyboard.press("Enter")
    expect(activity.locator("#stream > .row")).to_have_count(1)
    expect(activity.locator("#stream")).to_contain_text("Send invoices")


def test_nothing_that_matches_is_said_and_goes_with_the_first_that_does(
    activity: Page, application: Application
) -> None:
    activity.goto(f"{application.base_url}/activity/?type=nightly_backup")
    expect(activity.get_by_text("No events match these filters.")).to_be_visible()
    expect(activity.locator("#connection")).to_have_text("Live")
    application.publish(event("nightly_backup", {}, OTHER_BOARD))
    expect(activity.locator("#stream > .row")).to_have_count(1)
    expect(activity.get_by_text("No events match these filters.")).to_have_count(0)


def test_pause_holds_back_and_counts(activity: Page, application: Application) -> None:
    activity.get_by_role("button", name="Pause").click()
    application.publish(*(decision(f"While paused {n}") for n in range(37)))
    expect(activity.get_by_role("button", name="37 new")).to_be_visible()
    expect(activity.locator("#stream")).not_to_contain_text("While paused")
    activity.get_by_role("button", name="Resume").click()
    expect(activity.locator("#stream > .row").first).to_contain_text("While paused 36")
    expect(activity.get_by_role("button", name="37 new")).to_be_hidden()


def test_rows_wait_while_somebody_points_at_them(activity: Page, application: Application) -> None:
    activity.locator("#stream > .row").nth(2).hover()
    application.publish(progress("While pointed at"))
    expect(activity.get_by_role("button", name="1 new")).to_be_visible()
    expect(activity.locator("#stream")).not_to_contain_text("While pointed at")
    activity.mouse.move(0, 0)
    expect(activity.locator("#stream > .row").first).to_contain_text("While pointed at")


def test_rows_wait_for_a_reader_who_has_scrolled_and_the_button_leads_to_them(
    activity: Page, application: Application
) -> None:
    activity.mouse.move(0, 0)
    activity.evaluate("scrollTo(0, 600)")
    application.publish(progress("While scrolled"))
    held = activity.get_by_role("button", name="1 new")
    expect(held).to_be_in_viewport()
    held.click()
    expect(activity.locator("#stream > .row").first).to_contain_text("While scrolled")
    expect(activity.locator("#stream > .row").first).to_be_in_viewport()


def test_rows_wait_for_a_selection(activity: Page, application: Application) -> None:
    activity.evaluate("getSelection().selectAllChildren(document.querySelector('#stream .row-text'))")
    application.publish(progress("While selected"))
    expect(activity.get_by_role("button", name="1 new")).to_be_visible()
    activity.evaluate("getSelection().removeAllRanges()")
    expect(activity.locator("#stream > .row").first).to_contain_text("While selected")


def test_more_than_can_be_held_is_a_gap_that_can_be_loaded(activity: Page, application: Application) -> None:
    activity.get_by_role("button", name="Pause").click()
    application.publish(*(decision(f"Many {n}") for n in range(240)))
    held = activity.get_by_role("button", name="240 new")
    expect(held).to_be_visible()
    held.click()
    gap = activity.get_by_role("link", name="not shown · load")
    expect(gap).to_be_visible()
    gap.click()
    expect(gap).to_have_count(0)
    expect(activity.locator("#stream > .row", has_text="Many")).to_have_count(240)
    positions = activity.eval_on_selector_all("#stream > .row", "rows => rows.map(row => +row.dataset.position)")
    assert positions == sorted(positions, reverse=True)


def test_of_what_comes_faster_than_it_is_painted_the_newest_is_shown(activity: Page, application: Application) -> None:
    known = sum(activity.evaluate(COUNT))
    activity.evaluate(KEEP_MESSAGES)
    for n in range(3):
        application.publish(*(decision(f"Flood {n}") for _ in range(70)))
        activity.wait_for_function(f"""() => kept.some((message) => message.includes("Flood {n}"))""")
    activity.evaluate(GIVE_AT_ONCE)
    expect(activity.locator("#stream > .row").first).to_contain_text("Flood 2")
    expect(activity.get_by_role("link", name="not shown · load")).to_be_visible()
    assert wait_until(lambda: sum(activity.evaluate(COUNT)) == known + 210)


def test_older_rows_are_loaded_below(activity: Page, application: Application) -> None:
    before = activity.locator("#stream > .row").count()
    activity.get_by_role("link", name="Load older").click()
    expect(activity.locator("#stream > .row").nth(before)).to_be_attached()
    positions = activity.eval_on_selector_all("#stream > .row", "rows => rows.map(row => +row.dataset.position)")
    assert positions == sorted(positions, reverse=True)


def test_an_event_opens_beside_the_page_and_can_be_sent_as_a_link(activity: Page, application: Application) -> None:
    application.publish(progress("Look at this", detail={"lines": 7}))
    row = activity.locator("#stream > .row", has_text="Look at this")
    row.get_by_role("link", name="details").click()
    drawer = activity.get_by_role("dialog")
    expect(drawer).to_contain_text('"lines": 7')
    expect(drawer).to_contain_text("task_progress")
    activity.mouse.move(0, 0)
    application.publish(decision("Behind it"))
    expect(activity.locator("[data-held]")).to_have_text("1 new")
    activity.keyboard.press("Escape")
    expect(row.get_by_role("link", name="details")).to_be_focused()
    activity.locator("#q").focus()
    expect(activity.locator("#stream")).to_contain_text("Behind it")
    activity.go_back()
    activity.reload()
    expect(drawer).to_contain_text('"lines": 7')
    activity.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(activity).to_have_url(f"{application.base_url}/activity/")
    row.get_by_role("link", name="details").click()
    drawer.get_by_role("link", name="Exclude task Build login").click()
    expect(activity.locator("#q")).to_have_value("-task:t2")
    expect(activity.locator("#stream")).not_to_contain_text("Look at this")


def test_a_part_of_the_histogram_is_chosen_by_drawing_across_it(signed_in: Page, application: Application) -> None:
    application.begin(signed_in, *project())
    application.publish(progress("In the last minute"))
    signed_in.goto(f"{application.base_url}/activity/?q=type:task_*")
    box = wait_until(
        signed_in.locator("#histogram svg[viewBox]").bounding_box
    )  # none while the region is being replaced
    assert box
    signed_in.mouse.move(box["x"] + box["width"] - 40, box["y"] + 20)
    signed_in.mouse.down()
    signed_in.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20, steps=4)
    signed_in.mouse.up()
    signed_in.wait_for_url("**since%3A**")
    assert signed_in.locator("#q").input_value().startswith("type:task_* since:")
    expect(signed_in.locator("#stream > .row").first).to_contain_text("In the last minute")
    expect(signed_in.locator("#histogram")).to_contain_text("events since")


def test_the_histogram_grows_by_itself_and_leads_on_by_keyboard(signed_in: Page, application: Application) -> None:
    signed_in.goto(f"{application.base_url}/activity/?q=%22brand+new%22")
    expect(signed_in.locator("#histogram")).to_contain_text("0 events")
    application.publish(progress("brand new"))
    expect(signed_in.locator("#histogram")).to_contain_text("1 event since")
    signed_in.locator("#histogram-table summary").focus()
    signed_in.keyboard.press("Enter")
    signed_in.locator("#histogram-table a").focus()
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url("**since%3A**")
    expect(signed_in.locator("#stream > .row")).to_have_count(1)


def burst(*numbers: int) -> list[dict[str, Any]]:
    """Progress on a task of its own, all within a minute: marks of minutes part rows."""
    return [progress(f"Step {n}", task_id="t9") | {"timestamp": MOMENT} for n in numbers]


def test_a_burst_is_one_row_that_opens_and_is_the_same_after_a_reload(activity: Page, application: Application) -> None:
    activity.add_init_script(WATCH_SHIFTS)
    activity.goto(f"{application.base_url}/activity/?task=t9")
    expect(activity.locator("#connection")).to_have_text("Live")
    first, *others = burst(*range(40))
    application.publish(first | {"event_type": "task_started"})
    for start in range(0, 39, 13):
        application.publish(*others[start : start + 13])
    fold = activity.get_by_role("button", name="×39 events like this one")
    rows = activity.locator("#stream > .row:visible")
    for _ in ("live", "after a reload"):
        expect(fold).to_have_attribute("aria-expanded", "false")
        expect(rows.first).to_contain_text("Step 39")
        assert activity.evaluate(COUNT) == [2, 20, 18, 0]
        activity.reload()
        expect(activity.locator("#connection")).to_have_text("Live")
    assert activity.evaluate("shift") < 0.01
    activity.keyboard.type("jj")
    expect(rows.nth(1).get_by_role("link").first).to_be_focused()
    fold.press("Space")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(rows).to_have_count(22)
    activity.get_by_role("link", name="18 events not shown · load").press("Enter")
    expect(rows).to_have_count(40)
    assert activity.evaluate(COUNT) == [2, 38, 0, 0]


def test_many_folds_keep_few_rows_between_them_and_lose_none(activity: Page) -> None:
    hidden, counts, told = activity.evaluate(FOLD_MANY)
    assert hidden == 200
    assert counts == ["×30"] * 30
    assert told == 900


def test_a_fold_that_is_open_grows_and_another_event_ends_it(activity: Page, application: Application) -> None:
    activity.goto(f"{application.base_url}/activity/?task=t9&q=-type:task_started")
    fold = activity.get_by_role("button", name="events like this one")
    fold.click()
    activity.mouse.move(0, 0)
    expect(activity.locator("#connection")).to_have_text("Live")
    application.publish(*burst(40))
    expect(fold).to_have_text("×40 events like this one")
    expect(fold).to_be_focused()
    expect(activity.locator("#stream > .row:visible")).to_have_count(21)
    application.publish(blocker("Stop", "t9"), *burst(41))
    expect(activity.locator("#stream > .row").first).to_contain_text("Step 41")
    expect(activity.locator("#stream > .row").nth(2).get_by_role("button", name="×40")).to_be_visible()


def test_what_makes_room_for_newer_rows_is_counted_and_can_be_loaded(signed_in: Page, application: Application) -> None:
    expect(signed_in.locator("#connection")).to_have_text("Live")
    before = sum(signed_in.evaluate(COUNT))
    application.publish(*(decision(f"Many {n}") for n in range(60)))
    expect(signed_in.locator("#stream > .row").first).to_contain_text("Many 59")
    assert signed_in.evaluate(COUNT)[0] == 40
    assert sum(signed_in.evaluate(COUNT)) == before + 60
    older = signed_in.get_by_role("link", name="events trimmed")
    older.click()
    expect(older).to_have_count(0)
    assert signed_in.evaluate(COUNT)[3] == 0


def test_a_row_narrows_the_page_and_chips_widen_it_again(activity: Page, application: Application) -> None:
    row = activity.locator("#stream > .row", has_text="Claude 1 joined").first
    activity.get_by_role("link", name="Agents", exact=True).and_(activity.locator(".chip")).click()
    expect(activity).to_have_url(f"{application.base_url}/activity/?category=agent")
    row.get_by_role("link", name="details").focus()
    row.get_by_role("button", name="Filter by this event").press("Enter")
    menu = activity.get_by_role("dialog", name="Filter by this event")
    expect(menu.get_by_role("link", name="Show only type")).to_be_focused()
    activity.keyboard.press("Escape")
    expect(row.get_by_role("button", name="Filter by this event")).to_be_focused()
    activity.keyboard.press("Enter")
    expect(menu).to_be_visible()
    activity.keyboard.press("ArrowDown")
    activity.keyboard.press("Enter")
    expect(activity.locator("#q")).to_have_value("-type:agent_registered")
    expect(activity.locator("#stream > .row")).to_have_count(0)
    activity.get_by_role("link", name="Not type: Agent registered").click()
    expect(row).to_be_visible()
    activity.get_by_role("link", name="Clear all").click()
    expect(activity).to_have_url(f"{application.base_url}/activity/")


def test_what_came_is_said_once_in_ten_seconds_and_a_blocker_at_once(activity: Page, application: Application) -> None:
    activity.clock.install()
    activity.reload()
    expect(activity.locator("#connection")).to_have_text("Live")
    application.publish(*(decision(f"Said {n}") for n in range(3)))
    expect(activity.locator("#stream > .row").first).to_contain_text("Said 2")
    expect(activity.locator("#spoken")).to_have_text("")
    activity.clock.fast_forward(10_000)
    expect(activity.locator("#spoken")).to_have_text("3 new events.")
    application.publish(blocker("Who is told?", "t4"))
    expect(activity.get_by_role("alert")).to_contain_text("Who is told?")
    expect(activity.locator("#spoken")).to_have_text("3 new events.")


def test_new_rows_are_tinted_unless_many_come_at_once(signed_in: Page, application: Application) -> None:
    application.begin(signed_in, *project())
    signed_in.goto(f"{application.base_url}/activity/")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    newest = signed_in.locator("#stream > .row").first
    application.publish(decision("By itself"))
    expect(newest).to_contain_text("By itself")
    expect(newest).to_have_class(re.compile("fresh"))
    application.publish(*(decision(f"One of many, {n}") for n in range(30)))
    expect(newest).to_contain_text("One of many, 29")
    expect(newest).not_to_have_class(re.compile("fresh"))
