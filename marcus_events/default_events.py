"""The default `Events` of this process: with the log, the policies of the settings, and a spool in the data directory.

MARCUS_HANDLERS names the handler modules of an application. The workers import them, and run what they subscribe:

    from marcus_events.shared import get_events

    @get_events().on("task_blocked", durable="notifier")
    async def notify(event): ...
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from django.conf import settings

from marcus_events.bus.events import Events
from marcus_events.bus.spool import Spool
from marcus_events.bus.storage_policies import parse_policies
from marcus_events.log_persistence import LogPersistence

_events: Events | None = None
_lock = threading.Lock()


def get_events() -> Events:
    """Created at the first call. It belongs to the event loop that first publishes or subscribes with it."""
    global _events
    with _lock:
        if _events is None:
            spool = Spool.claim(settings.DATA_DIR / "spool")
            policies = parse_policies(settings.POLICIES)
            _events = Events(persistence=LogPersistence(), policies=policies, spool=spool)
        return _events


def metrics() -> dict[str, Any] | None:
    """Its metrics; None if this process has not created it."""
    return _events.metrics() if _events else None


def import_handlers() -> bool:
    """Import the handler modules; return whether there are any. Raises ImportError."""
    for module in settings.HANDLERS:
        import_module(module)
    return bool(settings.HANDLERS)
