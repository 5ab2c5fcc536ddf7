"""The services of the processes: WEB runs in web processes, WORK in the worker of `up` and in `worker`.

Services start in this order, each after those it needs, and stop in reverse order; see `core.lifecycle`. The search has
a projector of its own, so it never waits for the projections that the pages show.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from marcus_events.audit.failed_logins import FAILED_LOGINS
from marcus_events.audit.hash_chain import run_sealer
from marcus_events.audit.hash_chain.anchor_writer import run_anchoring
from marcus_events.audit.hash_chain.verification_runs import VERIFIER
from marcus_events.audit.writer import AUDIT_WRITER
from marcus_events.blockers.replies import run_replies
from marcus_events.blockers.standing_uses import run_standing_replies
from marcus_events.core.lifecycle import Declared, background, stop_services
from marcus_events.http.rejected_requests import REJECTED_REQUESTS
from marcus_events.http.worker_threads import (
    EXPORT_THREADS,
    LARGE_BODY_THREADS,
    PAGE_THREADS,
    REPLAY_THREADS,
    SOCKET_THREADS,
    TOKEN_THREADS,
    TOOL_THREADS,
)
from marcus_events.live.hub import HUB, get_hub
from marcus_events.log.back_pressure import BACK_PRESSURE
from marcus_events.log.ephemeral import LIVE_SENDER
from marcus_events.log.listener import LISTENER
from marcus_events.log.writer import WRITER
from marcus_events.projections import RATES, SEARCH, STATE, Projector
from marcus_events.retention.runs import RETENTION
from marcus_events.sources.demo import Demo
from marcus_events.sources.marcus.folder_followers import follow_folders
from marcus_events.webhooks.sender import send_webhooks
from server.application_handlers import run_handlers

AnyService = Declared[Any]

# Searches look through the newest 2,000 events themselves, so what the index has not reached costs them nothing.
SEARCH_GATHER_S = 0.5

LOG: tuple[AnyService, ...] = (LISTENER, WRITER, LIVE_SENDER, BACK_PRESSURE)
THREADS: tuple[AnyService, ...] = (
    PAGE_THREADS,
    SOCKET_THREADS,
    REPLAY_THREADS,
    TOOL_THREADS,
    TOKEN_THREADS,
    EXPORT_THREADS,
    LARGE_BODY_THREADS,
)
WEB: tuple[AnyService, ...] = (
    *LOG,
    HUB,
    AUDIT_WRITER,
    FAILED_LOGINS,
    REJECTED_REQUESTS,
    VERIFIER,
    RETENTION,
    *THREADS,
)
WORK: tuple[AnyService, ...] = (
    *LOG,
    AUDIT_WRITER,
    VERIFIER,
    background("projector of state and rates", Projector([STATE, RATES]).run, LISTENER),
    background("projector of search", Projector([SEARCH], SEARCH_GATHER_S).run, LISTENER),
    background("handlers", run_handlers, *LOG),
    background("replies", run_replies, WRITER),
    background("standing replies", run_standing_replies, WRITER),
    RETENTION,
    background("sealer", run_sealer, AUDIT_WRITER),
    background("anchors", run_anchoring),
    background("followed folders", follow_folders, *LOG),
    background("webhooks", send_webhooks, AUDIT_WRITER),
)
DEMO: AnyService = background("demo", lambda stop: Demo(watched=lambda: get_hub().connections > 0).run(stop), *LOG, HUB)


@contextmanager
def running(*services: AnyService) -> Iterator[None]:
    """Run these services, and those they need, while the block runs."""
    try:
        for service in services:
            service.get()
        yield
    finally:
        stop_services()


def run_until_stopped(*services: AnyService) -> None:
    """Run these services until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(*services):
        stop.wait()
