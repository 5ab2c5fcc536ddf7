"""What the chain is made of: a leaf for each event, blocks of leaves, and a hash that follows on the one before.

`marcus_events.log.leaves` computes the leaves.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from marcus_events.log.leaves import LEAF_BYTES

NO_LEAF = bytes(LEAF_BYTES)  # of an event that was gone when its block was sealed
BLOCK = 1_000  # events in a block at the most: 16 kB of leaves


def genesis_hash(chain: UUID) -> bytes:
    """Return the hash that stands before the first block of a chain."""
    return hashlib.sha256(b"marcus events " + chain.bytes).digest()


def hash_of(previous: bytes, first: int, last: int, leaves: bytes) -> bytes:
    return hashlib.sha256(previous + first.to_bytes(8) + last.to_bytes(8) + leaves).digest()
