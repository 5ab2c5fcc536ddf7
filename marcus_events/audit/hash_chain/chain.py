"""What the chain is made of: a leaf for each event, blocks of leaves, and a hash that follows on the one before.

A leaf is the first 16 bytes of SHA-256 over the row as a JSON array: what a row says has one such text and no other
row has it, since arrays keep their elements apart and jsonb writes the same value in one way only. Times are in whole
microseconds. Finding another row with the same leaf takes some 2^128 tries.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

LEAF_BYTES = 16
NO_LEAF = bytes(LEAF_BYTES)  # of an event that was gone when its block was sealed
BLOCK = 1_000  # events in a block at the most: 16 kB of leaves


def leaf_of(row: str = "e", data: str = "", metadata: str = "") -> str:
    """SQL for the leaf of a row; with another body where one is given."""
    return f"""substring(sha256(convert_to(jsonb_build_array(
        {row}.position, (extract(epoch FROM {row}.recorded_at) * 1000000)::bigint,
        (extract(epoch FROM {row}.timestamp) * 1000000)::bigint, {row}.event_id, {row}.source, {row}.event_type,
        {data or f"{row}.data"}, {metadata or f"{row}.metadata"}, {row}.board_id, {row}.task_id, {row}.agent_id
    )::text, 'UTF8')) FROM 1 FOR {LEAF_BYTES})"""


def beginning(chain: UUID) -> bytes:
    """What the first block of a chain follows on."""
    return hashlib.sha256(b"marcus events " + chain.bytes).digest()


def hash_of(previous: bytes, first: int, last: int, leaves: bytes) -> bytes:
    return hashlib.sha256(previous + first.to_bytes(8) + last.to_bytes(8) + leaves).digest()
