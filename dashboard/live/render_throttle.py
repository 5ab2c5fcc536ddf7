"""Renders the regions of a page state once for all viewers, and limits how often.

After rendering, a page state rests for REST_FACTOR times as long as that took. So it never uses more than a fifth of a
core, however large its board is and however fast the log grows; quick pages are not delayed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from cachetools import TLRUCache

from dashboard.live import page_frames, single_flight
from dashboard.live.page_state import PageState
from dashboard.live.regions import Page
from marcus_events.live.hub_subscription import Frame

REST_FACTOR = 4  # times the duration of the rendering
RENDER_INTERVAL_S = 5  # also without events: rates change by the minute, and the database may become unavailable
MAX_ENTRIES = 256  # page states; a forgotten one is rendered at once

Regions = dict[str, page_frames.Region]


class RenderThrottle:
    """Remembers for each state of a page how long it took to render, until it may be rendered again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock()
        self._took: TLRUCache[PageState, float] = TLRUCache(
            MAX_ENTRIES, ttu=lambda _, seconds, now: now + REST_FACTOR * seconds, timer=clock
        )

    def is_resting(self, page_state: PageState) -> bool:
        with self._lock:
            return page_state in self._took

    def record_render(self, page_state: PageState, seconds: float) -> None:
        with self._lock:
            self._took[page_state] = seconds


_throttle = RenderThrottle()


async def render_regions(page: Page, page_state: PageState, frame: Frame) -> Regions | None:
    """Return the regions for this frame; None if they are not cached and the page state is resting."""
    key = page_frames.regions_key(page_state, frame, int(time.monotonic() // RENDER_INTERVAL_S))
    if not single_flight.is_cached(key) and _throttle.is_resting(page_state):
        return None
    return await single_flight.run(key, lambda: render(page, page_state))


def render(page: Page, page_state: PageState) -> Regions:
    started_at = time.monotonic()
    rendered = page_frames.strip_ages(page.render(page_state))
    _throttle.record_render(page_state, time.monotonic() - started_at)
    return rendered
