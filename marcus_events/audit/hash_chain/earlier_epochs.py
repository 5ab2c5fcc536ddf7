"""Chains of earlier epochs: what they say of an event, the present chain says too.

An epoch ends when a backup is restored. Blocks that came back with it are of the same events. So nobody makes a chain
anew, over changed events, by giving the log another epoch, as long as the earlier blocks are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from marcus_events.audit.hash_chain.chain import BLOCK, NO_LEAF, genesis_hash, hash_of
from marcus_events.audit.hash_chain.findings import VerificationResult
from marcus_events.log.leaves import LEAF_BYTES
from marcus_events.models import Seal

BATCH_SIZE = 50  # blocks


def check_chains(present: UUID, verdict: VerificationResult) -> None:
    """In constant memory: of both chains, as many blocks as overlap."""
    for chain in Seal.objects.exclude(chain=present).values_list("chain", flat=True).distinct():
        previous = genesis_hash(chain)
        for block in blocks(chain):
            if hash_of(previous, block.first, block.last, bytes(block.leaves)) != bytes(block.hash):
                verdict.add(block.first, f"the hash chain of the earlier epoch {chain} was changed")
            previous = bytes(block.hash)
            compare_block(block, present, verdict)


def blocks(chain: UUID) -> Iterator[Seal]:
    after = 0
    while found := list(Seal.objects.filter(chain=chain, last__gt=after).order_by("last")[:BATCH_SIZE]):
        yield from found
        after = found[-1].last


def compare_block(block: Seal, present: UUID, verdict: VerificationResult) -> None:
    """An event may be gone since; it may not be another one."""
    near = Seal.objects.filter(chain=present, last__gte=block.first, last__lt=block.last + BLOCK)
    for other in near.filter(first__lte=block.last):
        first, last = max(block.first, other.first), min(block.last, other.last)
        then, now = leaves_between(block, first, last), leaves_between(other, first, last)
        for n in range(0, len(then), LEAF_BYTES) if then != now else ():
            if now[n : n + LEAF_BYTES] not in {NO_LEAF, then[n : n + LEAF_BYTES]}:
                words = f"a different event was sealed here under the earlier epoch {block.chain}"
                verdict.add(first + n // LEAF_BYTES, words)


def leaves_between(block: Seal, first: int, last: int) -> bytes:
    return bytes(block.leaves)[(first - block.first) * LEAF_BYTES : (last - block.first + 1) * LEAF_BYTES]
