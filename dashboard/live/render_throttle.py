"""Renders the regions of a page once for all who look at it in the same state, and not more often than is affordable.

What took long to render rests REST times as long before it is rendered again. So one state of a page never takes more
than a fifth of a core, however large its board is and however fast the log grows; pages that render quickly are not
held back.
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

REST = 4  # times as long as it took
RENDER_EVERY_S = 5  # without an event too: rates move on by the minute, and the database may have gone away
MAX_RESTING = 256  # states of pages, each with one visibility; one that is forgotten is rendered at once

Regions = dict[str, page_frames.Region]


class RenderThrottle:
    """Remembers for each state of a page how long it took to render, until it may be rendered again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock()
        self._took: TLRUCache[PageState, float] = TLRUCache(
            MAX_RESTING, ttu=lambda _, seconds, now: now + REST * seconds, timer=clock
        )

    def is_resting(self, page_state: PageState) -> bool:
        with self._lock:
            return page_state in self._took

    def took(self, page_state: PageState, seconds: float) -> None:
        with self._lock:
            self._took[page_state] = seconds


_rests = RenderThrottle()


async def regions_of(page: Page, page_state: PageState, frame: Frame) -> Regions | None:
    """As they are by this frame; None where that is not known yet, and it is too soon to render them again."""
    key = page_frames.key(page_state, frame, int(time.monotonic() // RENDER_EVERY_S))
    if not single_flight.has_result(key) and _rests.is_resting(page_state):
        return None
    return await single_flight.once(key, lambda: render(page, page_state))


def render(page: Page, page_state: PageState) -> Regions:
    begun = time.monotonic()
    rendered = page_frames.without_ages(page.render(page_state))
    _rests.took(page_state, time.monotonic() - begun)
    return rendered
