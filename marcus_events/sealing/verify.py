"""Verification: the log against its hash chain, block by block, in constant memory.

1. Blocks follow on one another without a hole, and each hash is that of the one before and of the block's leaves;
   else the chain itself was changed.
2. Each event has the leaf that was sealed; else it was changed.
3. An event that is gone is older than what the log keeps, or a retention run has accounted for it.
4. A redacted event was sealed as what it said; that leaf, and the one of what stands there now, are in the table of
   redactions and in the `event_redacted` of the log, which is sealed itself.
5. A hash that somebody has noted elsewhere is that of the block that ends there.

After a fault it goes on, so that all places are named, up to MAX_FAULTS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marcus_events.log import read
from marcus_events.models import Checkpoint, Seal
from marcus_events.sealing.chain import LEAF_BYTES, NO_LEAF, beginning, hash_of, leaf_of
from marcus_events.sealing.seal import NAME

MAX_FAULTS = 20  # named; whoever sees so many need not see more
AT_ONCE = 50  # blocks read at once

# One statement, so that a redaction that is just being made is seen as a whole or not at all.
STANDING = f"""
SELECT e.position, {leaf_of()}, r.leaf, r.marked,
       record.position IS NULL OR (record.event_type = 'event_redacted' AND record.data->>'position' = r.position::text
           AND record.data->>'leaf' = encode(r.leaf, 'hex') AND record.data->>'marked' = encode(r.marked, 'hex')),
       r.record
FROM event AS e LEFT JOIN redaction AS r USING (position) LEFT JOIN event AS record ON record.position = r.record
WHERE e.position BETWEEN %s AND %s
"""
REMOVED = "SELECT p FROM unnest(%s::bigint[]) AS p WHERE EXISTS (SELECT FROM removal WHERE positions @> p)"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fault:
    """Where the log and its chain disagree, and how, in words."""

    position: int
    words: str


@dataclass
class Verdict:
    """`verified_to` is the last position under the chain, `head_hash` the hash of the block that ends there."""

    head: int = 0
    verified_to: int = 0
    head_hash: str = ""
    events: int = 0
    redacted: int = 0
    removed: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def add(self, position: int, words: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(position, words))


def verify(
    progress: Progress = lambda verdict_to, until: None, *, since: int = 1, expected: tuple[str, int] | None = None
) -> Verdict:
    """Check everything from the block of the position `since` on. `expected` is a hash and where it was noted.

    `progress` is told how far it has come and how far there is to go.
    """
    head = read.head()
    verdict = Verdict(head=head.position)
    previous = None
    for block in blocks(head.epoch, since):
        previous = before(block, previous, since, verdict)
        check_hash(block, previous, verdict)
        check_events(block, verdict)
        previous = block
        verdict.verified_to, verdict.head_hash = block.last, bytes(block.hash).hex()
        progress(block.last, head.position)
    check_end(head.epoch, verdict)
    if expected:
        check_expected(head.epoch, *expected, verdict)
    verdict.faults.sort(key=lambda fault: fault.position)
    return verdict


def blocks(chain: UUID, since: int) -> Iterator[Seal]:
    after = since - 1
    while found := list(Seal.objects.filter(chain=chain, last__gt=after).order_by("last")[:AT_ONCE]):
        yield from found
        after = found[-1].last


def before(block: Seal, previous: Seal | None, since: int, verdict: Verdict) -> Any:
    """The block that this one follows on; None for the first of the chain."""
    if previous is None and since > 1:
        previous = Seal.objects.filter(chain=block.chain, last__lt=block.last).order_by("-last").first()
    if previous and block.first != previous.last + 1:
        words = f"blocks of the hash chain are missing from position {previous.last + 1} to {block.first - 1}"
        verdict.add(previous.last + 1, words)
    return previous


def check_hash(block: Seal, previous: Seal | None, verdict: Verdict) -> None:
    """Step 1."""
    follows = bytes(previous.hash) if previous else beginning(block.chain)
    leaves = bytes(block.leaves)
    is_whole = len(leaves) == (block.last - block.first + 1) * LEAF_BYTES
    if not is_whole or hash_of(follows, block.first, block.last, leaves) != bytes(block.hash):
        words = "the hash chain itself was changed: its block"
        verdict.add(
            block.first, f"{words} from position {block.first} to {block.last} does not follow on the one before"
        )


def check_events(block: Seal, verdict: Verdict) -> None:
    """Steps 2 to 4."""
    sealed = leaves_of(block)
    standing = {row[0]: row for row in read.rows(STANDING, [block.first, block.last], None)}
    for position, (_, leaf, before_it, marked, is_recorded, record) in standing.items():
        verdict.events += 1
        if before_it is None:
            if bytes(leaf) != sealed.get(position):
                verdict.add(position, changed(sealed.get(position)))
        else:
            verdict.redacted += 1
            check_redaction(
                verdict, position, sealed, tuple(map(bytes, (leaf, before_it, marked))), is_recorded, record
            )
    check_missing(verdict, [position for position, leaf in sealed.items() if position not in standing])


def leaves_of(block: Seal) -> dict[int, bytes]:
    leaves = bytes(block.leaves)
    places = range(0, len(leaves), LEAF_BYTES)
    return {block.first + n: leaves[start : start + LEAF_BYTES] for n, start in enumerate(places)}


def changed(sealed: bytes | None) -> str:
    if sealed == NO_LEAF:
        return "an event stands here that was not there when the log was sealed"
    return "the event is not what was sealed: it was changed behind the application's back"


def check_redaction(
    verdict: Verdict, position: int, sealed: dict[int, bytes], leaves: tuple[bytes, ...], is_recorded: bool, record: int
) -> None:
    """Step 4. `leaves` are that of what stands here, and those that the redaction holds of before and after."""
    leaf, before_it, marked = leaves
    if before_it != sealed.get(position):
        verdict.add(position, "the event was sealed as something else than what its redaction says that it was")
    elif leaf != marked:
        verdict.add(position, "the event was redacted, and changed behind the application's back since")
    elif not is_recorded:
        verdict.add(position, f"the event is redacted, and its record, event {record}, says otherwise")


def check_missing(verdict: Verdict, positions: list[int]) -> None:
    """Step 3. Asked after the events were read: what was removed meanwhile is accounted for by now."""
    if not positions:
        return
    oldest = read.head().oldest
    missing = [position for position in positions if position >= oldest]
    has_removals = read.rows("SELECT to_regclass('removal') IS NOT NULL", [], None)[0][0]
    accounted = {row[0] for row in read.rows(REMOVED, [missing], None)} if has_removals and missing else set()
    verdict.removed += len(positions) - len(missing) + len(accounted)
    for position in missing:
        if position not in accounted:
            verdict.add(position, "the event is gone, and nothing accounts for it")


def check_end(chain: UUID, verdict: Verdict) -> None:
    """The sealer remembers how far it had come."""
    known = Checkpoint.objects.filter(projection=NAME, epoch=chain).first()
    if known and known.position > verdict.verified_to:
        words = f"blocks of the hash chain are missing: it had come to position {known.position}"
        verdict.add(verdict.verified_to + 1, words)


def check_expected(chain: UUID, digest: str, position: int, verdict: Verdict) -> None:
    """Step 5."""
    block = Seal.objects.filter(chain=chain, last=position).first()
    if block is None or bytes(block.hash).hex() != digest.lower():
        has = f"has {bytes(block.hash).hex()}" if block else "has no block that ends there"
        verdict.add(position, f"the hash that was noted is {digest}, and the chain {has}: the chain was made anew")
