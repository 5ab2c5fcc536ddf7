"""Check that every position of the log has an event or a recorded removal, and that no event is outside of the log."""

from __future__ import annotations

from itertools import islice

from marcus_events.audit.hash_chain.findings import MAX_FAULTS, VerificationResult, describe_range
from marcus_events.audit.hash_chain.removal_check import Removed
from marcus_events.log import missing_positions, read

MAX_GAPS = 1_000  # looked into for an event


def check(begins: int, removed: Removed, verdict: VerificationResult) -> None:
    """`begins` is the first position of the chain."""
    for position in missing_positions.outside(MAX_FAULTS):
        verdict.add(position, "there is an event at a position that the log cannot have")
    check_before_chain(begins, removed, verdict)
    check_after_chain(removed, verdict)
    check_head(removed, verdict)


def check_before_chain(begins: int, removed: Removed, verdict: VerificationResult) -> None:
    if position := first_undeclared(begins, removed):
        verdict.add(position, f"there is an event before position {begins}, where the hash chain starts")
    else:
        check_gaps([(1, begins)] if begins > 1 else [], removed, verdict)


def first_undeclared(until: int, removed: Removed) -> int:
    """Return the first position before `until` with an event that was not declared as removed; 0 if there is none.

    Events declared as removed may still be there: a partition that is being read is dropped later.
    """
    for lower, upper in islice(removed.unaccounted([(1, until)]), MAX_GAPS):
        for position in missing_positions.between(lower, upper, 1):
            return position
    return 0


def check_after_chain(removed: Removed, verdict: VerificationResult) -> None:
    """Check that the events after the chain, which are not sealed yet, have no gaps."""
    check_gaps(missing_positions.gaps(verdict.verified_to, read.head().position), removed, verdict)


def check_gaps(gaps: list[tuple[int, int]], removed: Removed, verdict: VerificationResult) -> None:
    unaccounted = removed.unaccounted(gaps)
    if unaccounted and removed.has_changed():
        unaccounted = removed.unaccounted(gaps)
    for lower, upper in unaccounted:
        verdict.add(lower, describe_missing(lower, upper))


def describe_missing(lower: int, upper: int) -> str:
    what = "the event is missing" if upper == lower + 1 else f"the events at {describe_range(lower, upper)} are missing"
    return f"{what} without a record of its removal"


def check_head(removed: Removed, verdict: VerificationResult) -> None:
    head = read.head()
    if head.position < verdict.verified_to:
        words = f"the log head is at position {head.position}, but the log is sealed up to {verdict.verified_to}"
        verdict.add(head.position + 1, words)
    removed.has_changed()
    if position := first_undeclared(head.oldest, removed):
        verdict.add(position, f"there is an event here, but the log head says the log starts at position {head.oldest}")
    elif not 1 <= head.oldest <= head.position + 1:
        verdict.add(head.oldest, f"the log head says the log starts here and ends at position {head.position}")
