"""Run verifications: on request, by command or page, and once a day. One at a time, in any process.

The table `verification` holds the progress and the result; the result is also recorded as an event.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from marcus_events import audit
from marcus_events.audit.hash_chain.anchor_writer import anchor_heads
from marcus_events.audit.hash_chain.findings import VerificationResult
from marcus_events.audit.hash_chain.sealer import SYSTEM
from marcus_events.audit.hash_chain.verify import ReportProgress, verify
from marcus_events.audit.writer import AUDIT_WRITER
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.lifecycle import Declared, PeriodicTask
from marcus_events.log.advisory_lock import try_advisory_lock
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.models import Seal, Verification

logger = logging.getLogger(__name__)

LOCK = 0x76657266
VERIFY_INTERVAL = timedelta(days=1)
POLL_INTERVAL_S = 60.0
PROGRESS_INTERVAL_S = 0.5  # how far it has come
LOST_AFTER = timedelta(minutes=1)  # without a sign: its process is gone
MAX_RUNS = 100  # verifications; each is in the log too


class IsRunning(RuntimeError):
    """Verification is already running."""


def run_verification(by: str = SYSTEM, address: str = "") -> Verification:
    """Verify the whole log, and record the outcome. Raises IsRunning."""
    with verification_lock():
        row = Verification.objects.create(by=by)
        try:
            verdict = verify(progress_writer(row))
        except Exception as error:
            finish(row, error=str(error) or type(error).__name__)
            raise
        store_result(row, verdict)
    audit.record(EventTypes.LOG_VERIFIED, by, address, verdict=outcome_sentence(row), **outcome_data(row))
    anchor_heads(at_once=True)
    return row


@contextmanager
def verification_lock() -> Iterator[None]:
    """Hold the advisory lock. Raises IsRunning."""
    with connect("verify", autocommit=True) as connection, try_advisory_lock(connection, LOCK) as is_alone:
        if not is_alone:
            raise IsRunning("Verification is already running.")
        yield


def progress_writer(row: Verification) -> ReportProgress:
    last = 0.0

    def note(done: int, until: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_INTERVAL_S:
            last = time.monotonic()
            row.verified_to, row.until, row.seen_at = done, until, utc_now()
            row.save(update_fields=["verified_to", "until", "seen_at"])

    return note


def store_result(row: Verification, verdict: VerificationResult) -> None:
    row.until, row.verified_to, row.head_hash = verdict.head, verdict.verified_to, verdict.head_hash
    row.events, row.redacted, row.removed = verdict.events, verdict.redacted, verdict.removed
    row.anchored = verdict.anchored
    row.faults = [[fault.position, fault.words] for fault in verdict.faults]
    finish(row)
    kept = Verification.objects.order_by("-started_at").values("pk")[:MAX_RUNS]
    Verification.objects.exclude(pk__in=kept).delete()


def finish(row: Verification, error: str = "") -> None:
    row.ended_at, row.error = utc_now(), error
    row.save()


def outcome_sentence(row: Verification) -> str:
    """Describe the result in a sentence."""
    if row.error:
        return f"verification failed: {row.error}"
    if row.faults:
        position, what = row.faults[0]
        more = f", and {len(row.faults) - 1} more places" if len(row.faults) > 1 else ""
        return f"the chain breaks at position {position}: {what}{more}"
    return f"intact up to position {row.verified_to}"


def outcome_data(row: Verification) -> dict[str, object]:
    return {
        "is_whole": not row.faults,
        "verified_to": row.verified_to,
        "head_hash": row.head_hash,
        "events": row.events,
        "faults": row.faults,
    }


def verify_when_due(requested: tuple[str, str] | None) -> None:
    """Verify for the user and address in `requested`, or without one if it is due. Never raises."""
    try:
        if requested:
            run_verification(*requested)
        elif is_due():
            run_verification()
    except IsRunning:
        pass
    except (DatabaseError, *CONNECTION_ERRORS) as error:
        logger.warning("the log could not be verified: %s", error)
    except Exception:
        logger.exception("the log could not be verified")
    finally:
        close_old_connections()


VERIFIER: Declared[PeriodicTask[tuple[str, str]]] = Declared(
    "verifier", lambda: PeriodicTask("verifier", verify_when_due, POLL_INTERVAL_S), needs=(AUDIT_WRITER,)
)


def is_due() -> bool:
    """Whether the last verification, or the oldest block before the first one, is a day old."""
    newest = Verification.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    begun = newest or Seal.objects.order_by("sealed_at").values_list("sealed_at", flat=True).first()
    return begun is not None and utc_now() - begun >= VERIFY_INTERVAL
