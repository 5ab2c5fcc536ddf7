"""The default `Events` of this process: with the log, the policies of the settings, and a spool in the data directory.

MARCUS_HANDLERS names the handler modules of an application. The workers import them, and run what they subscribe:

    from marcus_events.shared import get_events

    @get_events().on("task_blocked", durable="notifier")
    async def notify(event): ...
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from django.conf import settings

from marcus_events.bus.events import Events
from marcus_events.bus.spool import Spool
from marcus_events.bus.storage_policies import parse_policies
from marcus_events.core.lifecycle import BackgroundTask, Declared
from marcus_events.log_persistence import LogPersistence

SHARE_EVERY_S = 2.0
STALE_AFTER_S = 30.0


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


def metrics() -> dict[str, dict[str, Any]]:
    """The metrics of the `Events` of this process and of all that share theirs, by the name of the process."""
    found = dict(_shared())
    if EVENTS.running:
        found[_own_name()] = EVENTS.running.events.metrics()
    return found


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Share the metrics of this process with the others on this data directory while the block runs: see `metrics`."""
    path = settings.DATA_DIR / "metrics" / f"{_own_name()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    sharing = BackgroundTask("shared metrics", partial(_share, path))
    sharing.start()
    try:
        yield
    finally:
        sharing.stop_soon()
        sharing.stop()
        path.unlink(missing_ok=True)


def _share(path: Path, stop: threading.Event) -> None:
    partial_path = path.with_suffix(".new")
    while True:
        partial_path.write_text(json.dumps(get_events().metrics()))
        partial_path.replace(path)
        if stop.wait(SHARE_EVERY_S):
            return


def _shared() -> Iterator[tuple[str, dict[str, Any]]]:
    """The shared metrics, without those of processes that ended long ago without a word."""
    for path in (settings.DATA_DIR / "metrics").glob("*.json"):
        with suppress(FileNotFoundError):  # it has just ended
            if time.time() - path.stat().st_mtime < STALE_AFTER_S:
                yield path.stem, json.loads(path.read_text())


def _own_name() -> str:
    """The name that the supervisor of `up` gives; of another command, its process id."""
    name = current_process().name
    return str(os.getpid()) if name == "MainProcess" else name


def import_handlers() -> bool:
    """Import the handler modules; return whether there are any. Raises ImportError."""
    for module in settings.HANDLERS:
        import_module(module)
    return bool(settings.HANDLERS)
