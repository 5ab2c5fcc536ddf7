"""Anchor the chain: write its head to the targets in MARCUS_ANCHORS, at intervals and after a verification.

1. One process at a time writes, by an advisory lock.
2. A failing target is retried with exponential backoff, and logged once.
3. Verifications compare every head in the files with the chain.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from marcus_events.audit.hash_chain.anchor_check import AnchoredHead, NotAnAnchor, read_heads
from marcus_events.audit.hash_chain.anchor_targets import send
from marcus_events.audit.hash_chain.findings import VerificationResult
from marcus_events.core.anchors import Anchor
from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.log.advisory_lock import try_advisory_lock
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.models import AnchorState, Seal

logger = logging.getLogger(__name__)

LOCK = 0x616E6368
POLL_INTERVAL_S = 1.0
RETRY_AFTER = timedelta(minutes=1)  # doubled at each failure, up to ANCHOR_EVERY
MAX_ERROR = 300  # characters


def run_anchoring(stop: threading.Event) -> None:
    """Write due heads until `stop` is set."""
    while settings.ANCHORS and not stop.wait(POLL_INTERVAL_S):
        try:
            anchor_heads()
        except (DatabaseError, *CONNECTION_ERRORS) as error:
            logger.debug("the hash chain is not being anchored: %s", error)
        finally:
            close_old_connections()


def anchor_heads(*, at_once: bool = False) -> None:
    """Write the head to each target that is due, or with `at_once` to all."""
    now = utc_now()
    states = {anchor: state_of(anchor) for anchor in settings.ANCHORS}
    if not any(at_once or is_due(state, now) for state in states.values()):
        return
    with connect("anchor", autocommit=True) as connection, try_advisory_lock(connection, LOCK) as is_alone:
        for anchor in settings.ANCHORS if is_alone else ():
            state, head = state_of(anchor), newest_head()
            if head and (at_once or is_due(state, now)):
                anchor_head(anchor, state, head)


def state_of(anchor: Anchor) -> AnchorState:
    return AnchorState.objects.filter(pk=anchor.key).first() or AnchorState(pk=anchor.key, name=anchor.name)


def is_due(state: AnchorState, now: datetime) -> bool:
    if state.failures and state.tried_at:
        pause = RETRY_AFTER * 2 ** min(state.failures - 1, 20)
        return bool(now - state.tried_at >= min(pause, settings.ANCHOR_EVERY))
    return bool(state.anchored_at is None or now - state.anchored_at >= settings.ANCHOR_EVERY)


def newest_head() -> AnchoredHead | None:
    block = Seal.objects.filter(chain=read.head().epoch).order_by("-last").first()
    if block is None:
        return None
    return AnchoredHead(block.chain, block.last, bytes(block.hash).hex(), utc_now().isoformat(timespec="seconds"))


def anchor_head(anchor: Anchor, state: AnchorState, head: AnchoredHead) -> None:
    state.tried_at = utc_now()
    try:
        send(anchor, head.as_line())
    except (OSError, ValueError) as error:
        state.failures += 1
        words = (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:MAX_ERROR]
        if words != state.error:
            logger.warning("the head of the hash chain cannot be written to %s: %s", anchor.name, words)
        state.error = words
    else:
        if state.failures:
            logger.info("the head of the hash chain can be written to %s again", anchor.name)
        state.failures, state.error = 0, ""
        state.epoch, state.position, state.hash, state.anchored_at = head.epoch, head.position, head.digest, utc_now()
    state.save()


def read_anchor_files(verdict: VerificationResult) -> list[AnchoredHead]:
    """Read the heads in the files of MARCUS_ANCHORS. A missing, truncated or changed file is a fault."""
    found: list[AnchoredHead] = []
    for anchor in settings.ANCHORS:
        if anchor.path:
            found += read_anchor_file(anchor, verdict)
    return found


def read_anchor_file(anchor: Anchor, verdict: VerificationResult) -> list[AnchoredHead]:
    state = state_of(anchor)
    try:
        heads = read_heads(anchor.path, strictly=True) if anchor.path else []
    except (OSError, NotAnAnchor) as error:
        if state.position or not isinstance(error, FileNotFoundError):
            verdict.add(state.position, f"the anchors in {anchor.name} cannot be read: {error}")
        return []
    if state.epoch and not any((state.epoch, state.position) == (head.epoch, head.position) for head in heads):
        words = f"{anchor.name} does not contain the head anchored on {state.anchored_at:%Y-%m-%d %H:%M} UTC"
        verdict.add(state.position, f"{words}; the file was truncated or replaced")
    return heads


def is_in_data_dir(anchor: Anchor) -> bool:
    """Whether the anchor is in the data directory, where write access to the database reaches it too."""
    return anchor.path is not None and anchor.path.resolve().is_relative_to(settings.DATA_DIR)
