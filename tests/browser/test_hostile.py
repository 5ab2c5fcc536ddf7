"""Five hundred attacks in every field a producer can write: none of them runs, on any page or in any frame."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Page, expect

from marcus_events.core.event_types import MEANINGS
from marcus_events.core.reserved import RESERVED_TYPES
from tests.browser.application import Application
from tests.browser.xss import COUNT, PAYLOADS

BOARDS = 20
TYPES = [name for name in MEANINGS if name not in RESERVED_TYPES]
FIELDS = (
    *(
        "task_name",
        "description",
        "severity",
        "blocker_type",
        "resolution",
        "message",
        "name",
        "role",
        "status",
        "reason",
    ),
    *("error", "what", "why", "project_name", "priority", "labels", "skills", "suggestion", "progress", "assigned_to"),
)
ARM = "window.xss = () => { window.ran = (window.ran || 0) + 1; console.error('a payload has run'); }"
LIVE = 20_000  # milliseconds; every row of a long stream is put in its place


def attack(n: int, payload: str, event_type: str) -> dict[str, Any]:
    """One event whose every text is the payload; ids have a number, so that each is there."""
    board = PAYLOADS[n % BOARDS]
    named: dict[str, Any] = {
        "task_id": f"{n} {payload}",
        "agent_id": f"{n % 9} {payload}",
        payload: {payload: [payload]},
    }
    return {
        "event_id": f"{event_type} {n} {payload}",
        "event_type": event_type,
        "source": f"agent_{payload}",
        "data": dict.fromkeys(FIELDS, payload) | named,
        "metadata": {"board_id": board, "board_name": payload, "agent_name": payload, "correlation_id": payload},
    }


def attacks() -> list[dict[str, Any]]:
    """A blocked task and an unknown type for every payload, and the other types in turn."""
    return [
        attack(n, payload, event_type)
        for n, payload in enumerate(PAYLOADS)
        for event_type in ("task_blocked", TYPES[n % len(TYPES)], f"odd {payload}")
    ]


def test_nothing_that_a_producer_writes_runs(signed_in: Page, application: Application) -> None:
    """`complaints` fails this where the browser reports an error or a violation of the content security policy."""
    assert len(set(PAYLOADS)) == COUNT
    signed_in.context.add_init_script(ARM)
    found = attacks()
    for page, part in (("/", found[:500]), ("/blocked/", found[500:1_000]), ("/activity/", found[1_000:])):
        signed_in.goto(application.base_url + page)
        expect(signed_in.locator("#connection")).to_have_text("Live")
        application.publish(*part)
        expect(signed_in.locator("main")).not_to_contain_text("No events yet", timeout=LIVE)
        expect(signed_in.locator("#bell")).not_to_have_text("", timeout=LIVE)
        assert_nothing_ran(signed_in)
    expect(signed_in.locator("#stream > .row").first).to_contain_text("Odd", timeout=LIVE)
    assert_nothing_ran(signed_in)
    for path in paths(signed_in):
        answer = signed_in.goto(application.base_url + path)
        assert answer is not None
        assert answer.ok, path
        assert_nothing_ran(signed_in)


def paths(page: Page) -> list[str]:
    """Every page, every board, and some of the events, each by the link that leads there."""
    found = [
        "/",
        "/boards/",
        "/blocked/",
        "/activity/",
        "/activity/?q=odd",
        "/history/?columns=data.text",
        "/admin/",
        "/integrations/",
    ]
    page.goto(page.url.split("/activity")[0] + "/boards/")
    boards = page.locator("main a[href*='/boards/']").evaluate_all("links => links.map(link => link.pathname)")
    page.goto(urljoin(page.url, boards[0]))
    tasks = page.locator("main a[data-task]").evaluate_all("links => links.map(link => link.pathname + link.search)")
    return [
        *found,
        *dict.fromkeys(boards),
        *dict.fromkeys(tasks[:20]),
        *(f"/activity/{position}/" for position in range(3, 3 * COUNT, 250)),
    ]


def assert_nothing_ran(page: Page) -> None:
    page.mouse.move(200, 300)
    page.keyboard.press("Tab")
    page.wait_for_load_state("load")
    assert page.evaluate("window.ran || 0") == 0, page.url
