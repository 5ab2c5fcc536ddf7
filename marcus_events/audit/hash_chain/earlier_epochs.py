"""Compare the chains of earlier epochs with the present chain.

An epoch ends when a backup is restored, which brings back blocks over the same events. While these blocks exist, nobody
can hide changed events by starting a new epoch with a new chain.
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
    """Check each earlier chain and compare it with the present one, in constant memory."""
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
    """Compare a block with the present chain: an event may have been removed since, but not changed."""
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
