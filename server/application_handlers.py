"""Run the handlers of an application: the modules in MARCUS_HANDLERS, on the `Events` of this process."""

from __future__ import annotations

import asyncio
import logging
import threading

from marcus_events.default_events import get_events, import_handlers, shared_metrics

logger = logging.getLogger(__name__)


def run_handlers(stop: threading.Event) -> None:
    """Run handlers until `stop` is set. Without handlers, or when a module cannot be imported, return at once."""
    asyncio.run(handle_until(stop))


async def handle_until(stop: threading.Event) -> None:
    try:
        there_are_some = import_handlers()
    except Exception:
        logger.exception("the handlers in MARCUS_HANDLERS cannot be imported; none of them runs")
        return
    if there_are_some:
        async with get_events():
            with shared_metrics():
                await asyncio.to_thread(stop.wait)
