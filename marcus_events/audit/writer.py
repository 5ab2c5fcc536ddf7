"""Write audit events to the log, or to a spool on disk while the log is unavailable.

Each process has one writer, whose thread appends the spooled events later. The spool of a killed process is claimed by
the next process with the same data directory.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import replace

from django.conf import settings

from marcus_events.bus.spool import Spool, SpoolFailed
from marcus_events.core.event import Event
from marcus_events.core.lifecycle import Declared
from marcus_events.core.reserved import Authority
from marcus_events.ingest import (
    Receipt,
    check_all,
    chunks,
    ingest,
    log_refused,
    make_receipts,
    submit,
    wait_for_results,
)
from marcus_events.log.writer import WRITER, LogUnavailable

logger = logging.getLogger(__name__)

APPEND_TIMEOUT_S = 2.0  # a person waits; an append takes milliseconds
POLL_INTERVAL_S = 1.0
BATCH_SIZE = 100  # events from the disk


class AuditWriter:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spool: Spool | None = None
        self._is_away = False  # nobody waits for it twice
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def keep(self, event: Event) -> None:
        """Return when it is in the log or on disk. Never raises; where neither can take it, that is said."""
        try:
            if self._is_away:
                self._put_aside(event)
            else:
                append(event)
        except (LogUnavailable, OSError) as error:
            self._is_away = True
            logger.warning("an audit event is waiting on disk: %s", error)
            self._put_aside(event)
        except Exception:
            logger.exception("an action could not be recorded: %s %s", event.event_type, event.data)

    def stop_soon(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        """Append spooled events if the log is available, and close the spool."""
        self._thread.join()
        if self._spool is not None:
            self._spool.close()

    def _put_aside(self, event: Event) -> None:
        try:
            self.spool().put([event])
        except OSError:
            logger.exception("an action could not be recorded: %s %s", event.event_type, event.data)

    def spool(self) -> Spool:
        with self._lock:
            if self._spool is None:
                self._spool = Spool.claim(settings.DATA_DIR / "audit")
            return self._spool

    def _run(self) -> None:
        while not self._stop.wait(POLL_INTERVAL_S):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        try:
            while (self._spool or has_spooled_events()) and (waiting := self.spool().peek(BATCH_SIZE)):
                events = [event for _, event in waiting]
                replace_refused(events, ingest(events, Authority.SYSTEM))
                self.spool().remove(number for number, _ in waiting)
            self._is_away = False
        except (LogUnavailable, SpoolFailed) as error:
            logger.debug("audit events are waiting on disk: %s", error)
        except Exception:
            logger.exception("audit events are waiting on disk")


def has_spooled_events() -> bool:
    return any((settings.DATA_DIR / "audit").glob("*.db"))


def append(event: Event) -> None:
    """Append an event. Raises LogUnavailable after APPEND_TIMEOUT_S; the log may still append it later."""
    replace_refused([event], append_all([event]))


def append_all(events: list[Event]) -> list[Receipt]:
    entries = check_all(events, Authority.SYSTEM)
    places = [wait_for_results(*submit(chunk, APPEND_TIMEOUT_S), APPEND_TIMEOUT_S) for chunk in chunks(entries)]
    return make_receipts(events, entries, places)


def replace_refused(events: list[Event], answers: list[Receipt]) -> None:
    """Append a shortened event for each rejected one: the type, the actor and the reason."""
    refused = {receipt.event_id: receipt for receipt in log_refused(answers, "an audit event")}
    short = [shorten(event, refused[event.event_id].error or "") for event in events if event.event_id in refused]
    if short:
        log_refused(append_all(short), "what stands for an audit event")


def shorten(event: Event, error: str) -> Event:
    data = {name: event.data.get(name) for name in ("by", "address")} | {"incomplete": f"the log refused it: {error}"}
    return replace(event, event_id=f"audit_{uuid.uuid4().hex}", data=data)


AUDIT_WRITER = Declared("audit writer", AuditWriter, needs=(WRITER,))


def audit_writer() -> AuditWriter:
    """The audit writer of this process."""
    return AUDIT_WRITER.get()
