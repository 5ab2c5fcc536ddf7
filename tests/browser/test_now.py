"""Now: it begins empty, moves by itself, and tells of a blocked task in the page, the bell, the title and a toast."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.application import Application
from tests.browser.storefront import blocker, event, progress, project, resolution


def test_the_empty_page_stays_while_others_sign_in(signed_in: Page, application: Application, browser: Browser) -> None:
    """What is recorded of that is no first event: the page is not loaded anew for it."""
    signed_in.evaluate("window.isSamePage = true")
    beat = signed_in.locator("#beat")
    before = beat.get_attribute("data-head") or ""
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(application.manage("login_link", "admin"))
        other.get_by_role("button", name="Sign in as admin").click()
        expect(other.get_by_role("heading", name="No events yet")).to_be_visible()
    expect(beat).not_to_have_attribute("data-head", before)
    expect(signed_in.locator("#connection")).to_have_text("Live")
    assert signed_in.evaluate("window.isSamePage")


def test_the_empty_page_says_how_to_begin_and_opens_with_the_first_event(
    signed_in: Page, application: Application
) -> None:
    expect(signed_in.get_by_role("heading", name="No events yet")).to_be_visible()
    expect(signed_in.locator("#connection")).to_have_text("Live")
    application.publish(*project())
    expect(signed_in.locator(".verdict-text")).to_have_text("Nothing needs you. 1 agent is working.")


def test_an_event_is_on_the_page_without_a_reload(signed_in: Page, application: Application) -> None:
    signed_in.evaluate("window.isSamePage = true")
    application.publish(progress("Wrote the first half"))
    row = signed_in.locator("#stream > .row").first
    expect(row).to_contain_text("Claude 1 is at 50% on Build login: Wrote the first half")
    assert signed_in.evaluate("window.isSamePage")


def test_a_blocked_task_is_told_everywhere_at_once(signed_in: Page, application: Application) -> None:
    expect(signed_in).to_have_title("Now · Marcus Events")
    application.publish(blocker("Which identity provider?"))
    need = signed_in.locator("#needs .need")
    expect(need).to_contain_text("Which identity provider?")
    expect(need).to_contain_text("Holds up 2 tasks")
    expect(signed_in.locator(".verdict-text")).to_have_text(
        "1 task is waiting for a person; 2 more are waiting behind it."
    )
    expect(signed_in.get_by_role("link", name="1 open blocker")).to_be_visible()
    expect(signed_in).to_have_title("(1) Now · Marcus Events")
    toast = signed_in.get_by_role("alert")
    expect(toast).to_contain_text("Build login is blocked")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_a_blocker_is_told_of_once_and_not_on_the_next_page_again(signed_in: Page, application: Application) -> None:
    signed_in.get_by_role("link", name="Blocked", exact=True).click()
    expect(signed_in.locator("#connection")).to_have_text("Live")
    expect(signed_in.get_by_role("row", name="Which identity provider?")).to_be_visible()
    expect(signed_in.get_by_role("alert")).to_have_count(0)
    application.publish(resolution())
    expect(signed_in.locator("#open")).to_contain_text("No blocked tasks")
    expect(signed_in.locator("#resolved")).to_contain_text("The specification was found")
    expect(signed_in).to_have_title("Blocked · Marcus Events")


def test_what_is_opened_stays_open_while_the_page_moves(signed_in: Page, application: Application) -> None:
    kinds = signed_in.locator("#kinds-task")
    kinds.locator("summary").click()
    kinds.get_by_role("link", name="Progress").focus()
    before = signed_in.locator("#tile-task .tile-number").inner_text()
    application.publish(progress("Moved on"))
    expect(signed_in.locator("#tile-task .tile-number")).not_to_have_text(before)
    expect(signed_in.locator("#kinds-task").get_by_role("link", name="Progress")).to_be_focused()


def test_a_hostile_text_is_text(signed_in: Page, application: Application) -> None:
    application.publish(progress("<img src=x onerror=alert(1)><script>alert(2)</script>"))
    expect(signed_in.locator("#stream > .row").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert signed_in.locator("#stream img").count() == 0


def test_a_board_moves_from_column_to_column(signed_in: Page, application: Application) -> None:
    signed_in.goto(f"{application.base_url}/boards/shop/")
    expect(signed_in.locator("#column-in_progress")).to_contain_text("Build login")
    application.publish(event("task_completed", {"task_id": "t2", "agent_id": "agent_claude_1"}))
    expect(signed_in.locator("#column-done")).to_contain_text("Build login")
    expect(signed_in.locator("#board-head")).to_contain_text("2 of 4 done")


def test_what_did_not_happen_today_stands_below_its_day(signed_in: Page, application: Application) -> None:
    application.publish(event("task_started", {"task_id": "t3"}, timestamp="2024-02-29T09:00:00Z"))
    expect(signed_in.locator("#stream > li").first).to_contain_text("29 February 2024")
    application.publish(progress("Of today"))
    expect(signed_in.locator("#stream > li").first).to_contain_text("Of today")
    expect(signed_in.locator("#stream > li").nth(1)).to_contain_text("29 February 2024")
