"""One run: the memory of idle sockets, then one real page after another while events arrive, then a phone that scrolls.

Import it once Django is set up.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle, islice

from playwright.async_api import Browser

from benchmarks import painted_pages
from benchmarks.busy_server import cookie_of_person, open_page
from benchmarks.even_publishing import BOARD, EvenPublisher, first_events
from benchmarks.painted_pages import Scrolled
from benchmarks.painting_figures import Load, PageFigures, figures
from benchmarks.painting_scale import Scale
from benchmarks.socket_memory import kilobytes_per_socket
from tests.running_server import Running

SOCKETS = ("now", f"board&board={BOARD['board_id']}", "activity", "agents")  # as the real pages open them
SETTLE_S = 4.0  # until the last events are painted, too
PHONE_PAGES = ("Now", "Activity")
PHONE = {"viewport": painted_pages.PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Measured:
    pages: list[PageFigures]
    phone: dict[str, Scrolled]
    kilobytes_per_socket: float


async def measure(up: Running, scale: Scale) -> Measured:
    cookie = cookie_of_person(up)
    up.publish(*first_events())
    kilobytes = await kilobytes_per_socket(up, cookie, scale.idle_sockets)
    publisher = EvenPublisher(up)
    async with AsyncExitStack() as stack:
        stack.callback(publisher.close)
        for name in islice(cycle(SOCKETS), scale.pages - 1):
            socket = await open_page(up, cookie, name, lambda frame: None)
            stack.callback(socket.transport.abort)
        browser = await stack.enter_async_context(painted_pages.browser())
        pages = [await watch(up, scale, browser, cookie, publisher, name) for name in painted_pages.ADDRESSES]
        phone = await scroll(up, scale, browser, cookie, publisher)
    return Measured(pages, phone, kilobytes)


async def watch(
    up: Running, scale: Scale, browser: Browser, cookie: str, publisher: EvenPublisher, name: str
) -> PageFigures:
    """Publish while this page is open in the browser."""
    page = await painted_pages.open_recorded(browser, up.base_url, cookie, name, viewport=painted_pages.DESKTOP)
    await asyncio.sleep(SETTLE_S)
    has_counter = painted_pages.NUMBERS.get(name) == painted_pages.COUNTER
    counted = await page.text_content(painted_pages.COUNTER) if has_counter else None
    await painted_pages.begin(page, name)
    used, begun = processor_seconds(up), time.monotonic()
    published = await publisher.run(scale.rate, scale.seconds)
    took = time.monotonic() - begun
    spent = {process: (seconds - used[process]) / took for process, seconds in processor_seconds(up).items()}
    await asyncio.sleep(SETTLE_S)
    found = await painted_pages.recorded(page)
    await page.context.close()
    before = int(re.sub(r"\D", "", counted)) if counted else None
    return figures(name, found, published, Load(len(published.sent) / took, published.late_s, **spent), before)


def processor_seconds(up: Running) -> dict[str, float]:
    _, web, worker, *_ = up.processes()
    return {name: sum(process.cpu_times()[:2]) for name, process in (("web", web), ("worker", worker))}


async def scroll(
    up: Running, scale: Scale, browser: Browser, cookie: str, publisher: EvenPublisher
) -> dict[str, Scrolled]:
    """A phone on each of PHONE_PAGES, first while nothing happens, then while events arrive."""
    found = {}
    for name in PHONE_PAGES:
        page = await painted_pages.open_recorded(browser, up.base_url, cookie, name, **PHONE)
        found[f"{name}, no events"] = await painted_pages.scroll_on_phone(page, scale.scroll_seconds)
        publishing = asyncio.create_task(publisher.run(scale.rate, scale.scroll_seconds))
        found[name] = await painted_pages.scroll_on_phone(page, scale.scroll_seconds)
        await publishing
        await page.context.close()
    return found
