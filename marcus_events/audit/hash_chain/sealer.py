"""The sealer: extends the hash chain block by block, a few seconds behind the head.

1. Any number of processes may run it; an advisory lock admits one at a time.
2. A block is sealed when it is full, or when its oldest event is MAX_BLOCK_AGE_S old.
3. The chain is not a projection and is never rebuilt: a rebuild would accept whatever is in the table. A new chain
   begins for an epoch without one, and is recorded as `chain_begun` if the log is longer than a block.
4. Nothing is sealed if blocks before the checkpoint are missing, since changes behind them would be accepted, or if a
   whole block of events is missing without a recorded removal. `manage.py verify` reports both.
"""

from __future__ import annotations

import logging
import threading
from typing import Any
from uuid import UUID

from django.db import Error, close_old_connections, transaction

from marcus_events import audit
from marcus_events.audit.hash_chain.chain import BLOCK, NO_LEAF, genesis_hash, hash_of
from marcus_events.core.event_types import EventTypes
from marcus_events.core.position_ranges import Ranges
from marcus_events.log import leaves, missing_positions, read, removed_positions
from marcus_events.log.rows import rows
from marcus_events.models import Checkpoint, ProjectionName, Seal

logger = logging.getLogger(__name__)

LOCK = 0x7365616C
MAX_BLOCK_AGE_S = 5.0
POLL_INTERVAL_S = 1.0
SYSTEM = "the system"  # who did what nobody did


class BlocksMissing(RuntimeError):
    """The hash chain ends before its checkpoint."""


class LogHasGap(RuntimeError):
    """The events of the next block are missing without a recorded removal."""


def run_sealer(stop: threading.Event) -> None:
    """Seal blocks until `stop` is set. A failed block is retried; an error is logged once."""
    told = ""
    while not stop.wait(POLL_INTERVAL_S):
        try:
            while seal_next() and not stop.is_set():
                pass
            told = ""
        except (Error, BlocksMissing, LogHasGap) as error:
            if str(error) != told:
                logger.warning("the log is not being sealed: %s", error)
            told = str(error)
        finally:
            close_old_connections()


def seal_all() -> None:
    """Seal all events that are in the log now. Raises BlocksMissing or LogHasGap."""
    until = min(read.head().position, missing_positions.newest())
    while sealed_to() < until and seal_next(0, waits=True):
        pass


def sealed_to() -> int:
    newest = Seal.objects.filter(chain=read.head().epoch).order_by("-last").first()
    return newest.last if newest else 0


def seal_next(timeout_s: float = MAX_BLOCK_AGE_S, *, waits: bool = False) -> bool:
    """Seal the next block if one is due; return whether there was one. Raises BlocksMissing or LogHasGap.

    While another process seals, returns False, or with `waits` waits for it.
    """
    with transaction.atomic():
        if not acquire_lock(waits):
            return False
        head = read.head()
        newest = Seal.objects.filter(chain=head.epoch).order_by("-last").first()
        begins = newest.last + 1 if newest else max(head.oldest, 1)
        check_not_behind(head.epoch, begins)
        last, block = next_leaves(begins, head.position, timeout_s)
        if not block:
            return False
        previous = bytes(newest.hash) if newest else genesis_hash(head.epoch)
        add_block(head.epoch, begins, last, block, hash_of(previous, begins, last, block))
    if newest is None and head.position > BLOCK:
        record_chain_begun(begins)
    return True


def acquire_lock(waits: bool) -> bool:
    if waits:
        rows("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return True
    return bool(rows("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])[0][0])


def check_not_behind(chain: UUID, begins: int) -> None:
    """Check that the chain reaches its checkpoint (step 4)."""
    known = Checkpoint.objects.filter(projection=ProjectionName.SEAL, epoch=chain).first()
    if known and known.position >= begins:
        raise BlocksMissing(f"the hash chain had reached position {known.position} and now ends before {begins}")


def next_leaves(begins: int, head: int, timeout_s: float) -> tuple[int, bytes]:
    """Return the last position and the leaves of the next block; no leaves if it is not due."""
    end = min(begins + BLOCK, head + 1)
    events = leaves.unsealed(begins, end, timeout_s)
    if not events and begins < end:
        check_gap_removed(begins, end)
    is_due = end == begins + BLOCK or (events and events[0][2])
    if not is_due:
        return begins, b""
    found = {position: leaf for position, leaf, _ in events}
    return end - 1, b"".join(found.get(position, NO_LEAF) for position in range(begins, end))


def check_gap_removed(begins: int, end: int) -> None:
    for lower, upper in Ranges.parse(removed_positions.all_removed()).gaps(begins, end):
        raise LogHasGap(f"the events at positions {lower} to {upper - 1} are missing without a record of their removal")


def add_block(chain: UUID, first: int, last: int, block: bytes, digest: bytes) -> None:
    Seal.objects.create(chain=chain, first=first, last=last, leaves=block, hash=digest)
    Checkpoint.objects.update_or_create(projection=ProjectionName.SEAL, defaults={"position": last, "epoch": chain})


def record_chain_begun(position: int) -> None:
    """Record that a new chain begins (step 3)."""
    earlier = Seal.objects.exclude(chain=read.head().epoch).order_by("-sealed_at").first()
    before: dict[str, Any] = {"before": bytes(earlier.hash).hex(), "before_at": earlier.last} if earlier else {}
    logger.warning("a new hash chain starts at position %s", position)
    audit.record(EventTypes.CHAIN_BEGUN, SYSTEM, position=position, **before)
