"""Refuses events while the tables or the search index are too far behind the log: see `log.back_pressure`.

A program keeps what is refused and sends it again. The events of people and of the system do not come this way.
"""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings

from marcus_events.core.problem import Problem
from marcus_events.log.back_pressure import back_pressure

RETRY_AFTER_S = 5
LIMIT = "lag"


async def check_lag() -> None:
    """Raises Problem if publishers have to wait."""
    pressure = back_pressure()
    if await pressure.is_refusing():
        bound = f"publishing waits when they are {settings.MAX_LAG} s behind."
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Nothing was stored. Tables or search are {pressure.lag_s:.0f} s behind the log; {bound} "
            f"Try again after {RETRY_AFTER_S} s.",
            retry_after_s=RETRY_AFTER_S,
            limit=LIMIT,
            reason=f"Tables or search are too far behind the log: {bound}",
        )
