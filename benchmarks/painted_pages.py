"""Real pages in Chromium that record what they paint, and a phone that scrolls; `painting.js` is the recorder."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks.even_publishing import BOARD
from tests.browser import chromium

RECORDER = Path(__file__).with_name("painting.js")
ADDRESSES = {
    "Now": "/",
    "a board": f"/boards/{BOARD['board_id']}/",
    "Activity": "/activity/",
    "Agents": "/agents/",
}
COUNTER = "#counters .section-head .muted"  # "1,234 events in total"
NUMBERS = {  # where a page shows how far it is
    "Now": COUNTER,
    "a board": "#card-probe .num",
    "Agents": f"#agent-{BOARD['board_id']}-probe .agent-task .muted",
}
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PHONE_SLOWDOWN = 6
SCROLL_PX = 2_500
SCROLL_PX_PER_S = 1_500
CLOCK_TRIES = 10


@dataclass(frozen=True)
class Scrolled:
    frames_per_s: float
    longest_frame_ms: float
    long_frames: int  # of more than 50 ms
    long_tasks: int


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium.find(), args=QUIET)
        try:
            yield running
        finally:
            await running.close()


async def open_recorded(browser: Browser, base_url: str, cookie: str, name: str, **options: Any) -> Page:
    """Open a page that is signed in and live, in a context of its own."""
    context = await browser.new_context(**options)
    pairs = [part.split("=", 1) for part in cookie.split("; ")]
    await context.add_cookies([{"name": key, "value": value, "url": base_url} for key, value in pairs])
    await context.add_init_script(path=RECORDER)
    page = await context.new_page()
    await page.goto(base_url + ADDRESSES[name])
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


async def begin(page: Page, name: str) -> None:
    await page.evaluate("selectors => painting.begin(selectors)", [NUMBERS[name]] if name in NUMBERS else [])


async def recorded(page: Page) -> dict[str, Any]:
    """What the page has recorded, and by how many milliseconds its clock is ahead of this process's."""
    tries = []
    for _ in range(CLOCK_TRIES):
        before = time.time()
        theirs = await page.evaluate("painting.clock()")
        after = time.time()
        tries.append((after - before, theirs - (before + after) / 2 * 1000))
    found: dict[str, Any] = await page.evaluate("painting.found()")
    return found | {"ahead_ms": min(tries)[1]}


async def scroll_on_phone(page: Page, seconds: float) -> Scrolled:
    """Scroll up and down by touch, on a processor that is slowed down, and count the frames."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": PHONE_SLOWDOWN})
    await page.evaluate("painting.begin([]); painting.countFrames(true)")
    until, direction = time.monotonic() + seconds, -1
    while time.monotonic() < until:
        gesture = {"x": 195, "y": 400, "yDistance": direction * SCROLL_PX, "speed": SCROLL_PX_PER_S}
        await session.send("Input.synthesizeScrollGesture", gesture | {"gestureSourceType": "touch"})
        direction = -direction
    await page.evaluate("painting.countFrames(false)")
    found = await page.evaluate("painting.found()")
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    await session.detach()
    return scrolled(found)


def scrolled(found: dict[str, Any]) -> Scrolled:
    frames = found["frames"]
    gaps = [after - before for before, after in pairwise(frames)]
    return Scrolled(
        frames_per_s=len(gaps) / (sum(gaps) / 1000),
        longest_frame_ms=max(gaps),
        long_frames=sum(gap > 50 for gap in gaps),
        long_tasks=len(found["longTasks"]),
    )
