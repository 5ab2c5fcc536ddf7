"""How fast connections are sent what is past: alone as fast as it goes, together in half of the event loop's time.

Every event that is sent takes some of the one loop that also answers requests and shows pages. A hundred connections
that ask for everything at once would leave it nothing else to do for seconds.
"""

from __future__ import annotations

import asyncio

SLICE = 10  # events between two looks at the clock
REST = 1.0  # times as long as a slice took
MOST_S = 0.02  # of a slice: what takes longer has waited for its reader, and cost nobody anything


class SendPace:
    def __init__(self) -> None:
        self._last = 0  # whose the slice before was
        self._free_at = 0.0

    async def after(self, who: int, begun: float) -> None:
        """Rest after a slice that began then."""
        now = asyncio.get_running_loop().time()
        is_alone, self._last = self._last == who, who
        if is_alone:
            self._free_at = now
        else:
            self._free_at = max(self._free_at, begun) + (1 + REST) * min(now - begun, MOST_S)
        await asyncio.sleep(max(0.0, self._free_at - now))


pace = SendPace()
