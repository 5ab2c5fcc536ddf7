"""The `Events` of this process: on its log, with the policies of the settings and a spool in the data directory.

Handlers of an application are modules that MARCUS_HANDLERS names; the workers import them and run what they subscribe:

    from marcus_events.default_events import get_events

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
    """Made when first needed. It belongs to the event loop that first publishes or subscribes with it."""
    global _events
    with _lock:
        if _events is None:
            spool = Spool.claim(settings.DATA_DIR / "spool")
            policies = parse_policies(settings.POLICIES)
            _events = Events(persistence=LogPersistence(), policies=policies, spool=spool)
        return _events


def metrics() -> dict[str, Any] | None:
    """What it counts, where this process has one."""
    return _events.metrics() if _events else None


def import_handlers() -> bool:
    """Import the modules that subscribe; whether there are any. Raises ImportError."""
    for module in settings.HANDLERS:
        import_module(module)
    return bool(settings.HANDLERS)
