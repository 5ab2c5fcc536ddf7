"""The regions of a look, rendered once for all who look at it, and only as often as the machine can bear.

What took long to render rests REST times as long before it is rendered again. So a look never takes more than a fifth
of a core, however large its board is and however fast the log grows; a page that is quick to render never notices.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from dashboard.live import page_frames, single_flight
from dashboard.live.page_state import PageState
from dashboard.live.regions import Page
from marcus_events.live.hub_subscription import Frame

REST = 4  # times as long as it took
RENDER_EVERY_S = 5  # without an event too: rates move on by the minute, and the database may have gone away
MAX_KEPT = 256  # looks, each of one sight; whichever is forgotten is rendered at once

Regions = dict[str, page_frames.Region]


class RenderThrottle:
    """Until when each look rests, by a clock in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[PageState, float] = OrderedDict()

    def is_resting(self, page_state: PageState) -> bool:
        return self._clock() < self._until.get(page_state, 0.0)

    def took(self, page_state: PageState, seconds: float) -> None:
        self._until[page_state] = self._clock() + REST * seconds
        self._until.move_to_end(page_state)
        while len(self._until) > MAX_KEPT:
            self._until.popitem(last=False)


_rests = RenderThrottle()


async def regions_of(page: Page, page_state: PageState, frame: Frame) -> Regions | None:
    """As they are by this frame; None where that is not known yet, and it is too soon to render them again."""
    key = page_frames.key(page_state, frame, int(time.monotonic() // RENDER_EVERY_S))
    if not single_flight.is_kept(key) and _rests.is_resting(page_state):
        return None
    return await single_flight.once(key, lambda: render(page, page_state))


def render(page: Page, page_state: PageState) -> Regions:
    begun = time.monotonic()
    rendered = page_frames.without_ages(page.render(page_state))
    _rests.took(page_state, time.monotonic() - begun)
    return rendered
