"""When the line is cut, the page says so; when it is back, it has missed nothing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from psycopg.sql import SQL, Identifier

from tests.browser.application import Application, administration
from tests.browser.conftest import Complaints
from tests.browser.storefront import blocker, decision, project, resolution

AWAY = 15_000  # milliseconds: two missed heartbeats, and time for a slow machine


class Line:
    """The page's WebSocket, through a switch."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self.open: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/live/**", self.route)

    def route(self, page_side: WebSocketRoute) -> None:
        if self.is_cut:
            page_side.close(code=1012)
        else:
            page_side.connect_to_server()
            self.open.append(page_side)

    def cut(self) -> None:
        self.is_cut = True
        while self.open:
            self.open.pop().close(code=1012)

    def mend(self) -> None:
        self.is_cut = False


@pytest.fixture
def line(page: Page) -> Line:
    return Line(page)


@pytest.fixture
def live(line: Line, signed_in: Page, application: Application) -> Page:
    application.begin(signed_in, *project())
    signed_in.goto(f"{application.base_url}/activity/?q=type:decision_logged")
    expect(signed_in.locator("#connection")).to_have_text("Live")
    return signed_in


def texts(page: Page) -> list[str]:
    """Also of rows that are out of sight, whose inner texts are empty."""
    found: list[str] = page.locator("#stream > .row .row-text").all_text_contents()
    return [text.rpartition(": ")[2].strip() for text in found]


def test_a_cut_line_is_said_and_everything_missed_comes_afterwards(
    live: Page, line: Line, application: Application
) -> None:
    application.publish(decision("before"))
    expect(live.locator("#stream > .row").first).to_contain_text("before")
    line.cut()
    expect(live.locator("#connection")).to_have_text("Not connected")
    expect(live.locator("#lost")).to_contain_text("as of")
    application.publish(*(decision(f"missed {n}") for n in range(60)))
    assert texts(live)[0] == "before"
    line.mend()
    expect(live.locator("#connection")).to_have_text("Live")
    expect(live.locator("#lost")).to_be_hidden()
    assert texts(live)[:61] == [f"missed {n}" for n in reversed(range(60))] + ["before"]


def test_more_than_is_caught_up_with_is_a_gap_with_its_number(live: Page, line: Line, application: Application) -> None:
    line.cut()
    expect(live.locator("#connection")).to_have_text("Not connected")
    for start in range(0, 500, 250):
        application.publish(*(decision(f"many {n}") for n in range(start, start + 250)))
    line.mend()
    expect(live.get_by_role("link", name="300 events not shown · load")).to_be_visible()
    assert texts(live)[0] == "many 499"


def test_what_comes_while_the_line_is_cut_and_mended_is_neither_lost_nor_doubled(
    live: Page, line: Line, application: Application
) -> None:
    ended = threading.Event()

    def publish() -> None:
        for n in range(100):
            application.publish(decision(f"flow {n}"))
        ended.set()

    flow = threading.Thread(target=publish)
    flow.start()
    while not ended.is_set():
        line.cut()
        expect(live.locator("#connection")).not_to_have_text("Live", timeout=AWAY)
        line.mend()
        expect(live.locator("#connection")).to_have_text("Live", timeout=AWAY)
    flow.join()
    expect(live.locator("#stream > .row").first).to_contain_text("flow 99")
    assert texts(live)[:100] == [f"flow {n}" for n in reversed(range(100))]


def test_what_is_written_stays_while_the_line_is_cut_and_cannot_be_sent(
    live: Page, line: Line, application: Application
) -> None:
    application.publish(blocker("Which colour?"))
    live.goto(application.base_url)
    live.locator("#needs .need", has_text="Which colour?").get_by_role("link", name="Reply").click()
    live.get_by_label("Your reply").fill("Blue")
    line.cut()
    send = live.get_by_role("button", name="Reply and unblock")
    expect(send).to_be_disabled(timeout=AWAY)
    said = live.get_by_role("dialog").get_by_text("Not connected.")
    expect(said).to_be_visible()  # the page's own line stands behind the drawer
    line.mend()
    expect(send).to_be_enabled(timeout=AWAY)
    expect(said).to_be_hidden()
    expect(live.get_by_label("Your reply")).to_have_value("Blue")
    application.publish(resolution())


def test_the_server_may_be_killed_and_the_page_goes_on_with_the_next_one(
    live: Page, application: Application, complaints: Complaints
) -> None:
    complaints.expected += ["ERR_CONNECTION_REFUSED", "WebSocket connection", "[object Event]"]
    live.evaluate("window.isSamePage = true")
    application.end(signal.SIGKILL)
    expect(live.locator("#connection")).to_have_text("Not connected", timeout=AWAY)
    application.start()
    application.publish(decision("after the kill"), blocker("Who restarted it?"))
    expect(live.locator("#stream > .row").first).to_contain_text("after the kill", timeout=AWAY)
    expect(live).to_have_title("(1) Activity · Marcus Events")
    assert live.evaluate("window.isSamePage")


def test_the_database_may_be_away_and_the_page_says_so_and_goes_on_afterwards(
    live: Page, application: Application
) -> None:
    with database_away(application):
        expect(live.locator("#connection")).to_have_text("Not connected", timeout=AWAY)
    application.publish(decision("after it was away"))
    expect(live.locator("#stream > .row").first).to_contain_text("after it was away", timeout=AWAY)
    expect(live.locator("#connection")).to_have_text("Live", timeout=AWAY)


@contextmanager
def database_away(application: Application) -> Iterator[None]:
    """It refuses every connection, and has ended those there were."""
    name = Identifier(application.database)
    with administration() as server:
        server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [application.database]
        )
        try:
            yield
        finally:
            server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_signing_out_elsewhere_ends_what_is_open(live: Page, line: Line, application: Application) -> None:
    live.context.clear_cookies()
    line.cut()
    line.mend()
    expect(live).to_have_url(f"{application.base_url}/sign-in/?next=%2Factivity%2F%3Fq%3Dtype%3Adecision_logged")
