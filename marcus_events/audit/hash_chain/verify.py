"""Verify the log against its hash chain, block by block.

1. The events in the log are sealed first, so that recent records of removals and redactions count.
2. The blocks follow on one another without a gap, and each hash is that of the previous hash and the block's leaves.
   Otherwise the chain itself was changed.
3. Each event has the sealed leaf. Otherwise it was changed.
4. A sealed `events_removed` accounts for each missing event: see `removal_check`.
5. A redacted event has the sealed leaf of its original content, and a sealed `event_redacted` accounts for its present
   content: see `redaction_check`.
6. No event is outside of the log's positions, before the chain or in a gap: see `position_check`.
7. The chains of earlier epochs agree on the same events.
8. Each anchored head is the hash of the block that ends at its position.

Verification continues after a fault and reports up to MAX_FAULTS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from marcus_events.audit.hash_chain import earlier_epochs, position_check, redaction_check
from marcus_events.audit.hash_chain.anchor_check import AnchoredHead, check_heads
from marcus_events.audit.hash_chain.anchor_writer import read_anchor_files
from marcus_events.audit.hash_chain.chain import NO_LEAF, genesis_hash, hash_of
from marcus_events.audit.hash_chain.findings import VerificationResult, describe_range
from marcus_events.audit.hash_chain.redaction_check import Redacted
from marcus_events.audit.hash_chain.removal_check import Removed
from marcus_events.audit.hash_chain.sealer import BlocksMissing, LogHasGap, seal_all
from marcus_events.core.position_ranges import runs
from marcus_events.log import leaves, read
from marcus_events.log.leaves import LEAF_BYTES
from marcus_events.models import Checkpoint, ProjectionName, Seal

BATCH_SIZE = 50  # blocks read at once
MAX_ROUNDS = 10  # over blocks that are sealed while it verifies, as far as records in them are needed

ReportProgress = Callable[[int, int], None]


def verify(
    progress: ReportProgress = lambda verified_to, until: None,
    *,
    since: int = 1,
    expected: tuple[str, int] | None = None,
    anchored: Sequence[AnchoredHead] = (),
) -> VerificationResult:
    """Verify the log from the block of the position `since` on.

    `expected` is a hash and its position. `anchored` are heads in addition to those in the files of MARCUS_ANCHORS.
    Calls `progress` with the verified position and the position of the head.
    """
    head = read.head()
    verifier = ChainVerification(head.epoch, since, progress)
    verifier.run()
    verdict = verifier.verdict
    earlier_epochs.check_chains(head.epoch, verdict)
    noted = [AnchoredHead(head.epoch, expected[1], expected[0])] if expected else []
    check_heads([*noted, *anchored, *read_anchor_files(verdict)], verdict)
    verdict.faults.sort(key=lambda fault: fault.position)
    return verdict


class ChainVerification:
    """One verification of the chain of an epoch. `needed` is the newest record that accounts for an event."""

    def __init__(self, chain: UUID, since: int, progress: ReportProgress) -> None:
        self.chain, self.since, self.progress = chain, since, progress
        self.verdict = VerificationResult()
        self.removed = Removed()
        self.needed = self.removed.record
        self.before: Seal | None = None
        self.begins = 1

    def run(self) -> None:
        """Verify until all needed records are verified too: those of the meantime are in blocks sealed later."""
        for _ in range(MAX_ROUNDS):
            self.one_round()
            if self.needed <= self.verdict.verified_to:
                break
        else:
            words = "this event accounts for another one but is not sealed; sealing is not running"
            self.verdict.add(self.needed, words)
        self.check_end()
        position_check.check(self.begins, self.removed, self.verdict)
        redaction_check.check_others(self.verdict.head, self.verdict)
        self.removed.compare(self.verdict)

    def one_round(self) -> None:
        with suppress(BlocksMissing, LogHasGap):  # the place is found below
            seal_all()
        self.verdict.head = read.head().position
        for block in self.blocks():
            self.check_follows(block)
            self.check_hash(block)
            self.check_events(block)
            self.before = block
            self.verdict.verified_to, self.verdict.head_hash = block.last, bytes(block.hash).hex()
            self.progress(block.last, self.verdict.head)

    def blocks(self) -> Iterator[Seal]:
        after = self.before.last if self.before else self.since - 1
        while found := list(Seal.objects.filter(chain=self.chain, last__gt=after).order_by("last")[:BATCH_SIZE]):
            yield from found
            after = found[-1].last

    def check_follows(self, block: Seal) -> None:
        """Check that the block begins where the previous one ends (step 2)."""
        if self.before is None and self.since > 1:
            older = Seal.objects.filter(chain=self.chain, last__lt=block.last)
            self.before = older.order_by("-last").first()
        if self.before is None:
            self.begins = block.first
        elif block.first != self.before.last + 1:
            gap = describe_range(self.before.last + 1, block.first)
            self.verdict.add(self.before.last + 1, f"blocks of the hash chain are missing: {gap}")

    def check_hash(self, block: Seal) -> None:
        """Check the block's hash (step 2)."""
        if not has_valid_hash(block, self.before):
            place = describe_range(block.first, block.last + 1)
            words = f"the hash chain was changed: its block, {place}, does not follow the previous one"
            self.verdict.add(block.first, words)

    def check_events(self, block: Seal) -> None:
        """Check the events of the block (steps 3 to 5)."""
        sealed = leaves_of(block)
        standing: set[int] = set()
        for position, leaf, details in leaves.standing(block.first, block.last):
            if position in standing:
                self.verdict.add(position, "there are two events at this position")
            standing.add(position)
            self.check_event(position, leaf, sealed.get(position), details)
        self.verdict.events += len(standing)
        if len(standing) < block.last - block.first + 1:
            self.check_missing(position for position in sealed if position not in standing)

    def check_event(self, position: int, leaf: bytes, sealed: bytes | None, details: str | None) -> None:
        if details is None:
            if leaf != sealed:
                self.verdict.add(position, describe_change(sealed))
            return
        redacted = Redacted.read(position, details)
        self.verdict.redacted += 1
        if fault := redacted.fault(leaf, sealed):
            self.verdict.add(position, fault)
        else:
            self.needed = max(self.needed, redacted.record)

    def check_missing(self, positions: Iterator[int]) -> None:
        """Check missing events, after reading the others: concurrent removals are recorded by now."""
        missing = list(runs(positions))
        unaccounted = self.removed.unaccounted(missing)
        if unaccounted and self.removed.has_changed():
            self.needed = max(self.needed, self.removed.record)
            unaccounted = self.removed.unaccounted(missing)
        self.verdict.removed += sum(upper - lower for lower, upper in missing)
        for lower, upper in unaccounted:
            self.verdict.removed -= upper - lower
            self.verdict.add(lower, position_check.describe_missing(lower, upper))

    def check_end(self) -> None:
        """Check that the chain reaches the sealer's checkpoint."""
        known = Checkpoint.objects.filter(projection=ProjectionName.SEAL, epoch=self.chain).first()
        if known and known.position > self.verdict.verified_to:
            words = f"blocks of the hash chain are missing: it reached position {known.position}"
            self.verdict.add(self.verdict.verified_to + 1, words)


def has_valid_hash(block: Seal, before: Seal | None) -> bool:
    sealed = bytes(block.leaves)
    is_whole = len(sealed) == (block.last - block.first + 1) * LEAF_BYTES
    follows = bytes(before.hash) if before else genesis_hash(block.chain)
    return is_whole and hash_of(follows, block.first, block.last, sealed) == bytes(block.hash)


def leaves_of(block: Seal) -> dict[int, bytes]:
    sealed = bytes(block.leaves)
    places = range(0, len(sealed), LEAF_BYTES)
    return {block.first + n: sealed[start : start + LEAF_BYTES] for n, start in enumerate(places)}


def describe_change(sealed: bytes | None) -> str:
    if sealed == NO_LEAF:
        return "an event was inserted here after the log was sealed"
    return "the event differs from the sealed one: it was changed outside the application"
