"""The default `Events` of this process: with the log, the policies of the settings, and a spool in the data directory.

MARCUS_HANDLERS names the handler modules of an application. The workers import them, and run what they subscribe:

    from marcus_events.shared import get_events

    @get_events().on("task_blocked", durable="notifier")
    async def notify(event): ...
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings

from marcus_events.bus.events import Events
from marcus_events.bus.spool import Spool
from marcus_events.bus.storage_policies import parse_policies
from marcus_events.core.lifecycle import Declared
from marcus_events.log_persistence import LogPersistence


class DefaultEvents:
    """A service: `events` belongs to the event loop that first publishes or subscribes with it, and is closed there."""

    def __init__(self) -> None:
        spool = Spool.claim(settings.DATA_DIR / "spool")
        policies = parse_policies(settings.POLICIES)
        self.events = Events(persistence=LogPersistence(), policies=policies, spool=spool)

    def start(self) -> None:
        """Nothing runs before the first event or subscription."""

    def stop_soon(self) -> None:
        """Handlers are ended by whoever runs them."""

    def stop(self) -> None:
        """What has not been stored stays in the spool."""


EVENTS = Declared("events", DefaultEvents)


def get_events() -> Events:
    """The `Events` of this process, created at the first call."""
    return EVENTS.get().events


def metrics() -> dict[str, Any] | None:
    """Its metrics; None if this process has not created it."""
    return EVENTS.running.events.metrics() if EVENTS.running else None


def import_handlers() -> bool:
    """Import the handler modules; return whether there are any. Raises ImportError."""
    for module in settings.HANDLERS:
        import_module(module)
    return bool(settings.HANDLERS)
