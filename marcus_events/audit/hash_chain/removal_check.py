"""Which events may be missing: those that a sealed `events_removed` accounts for, and no others.

The newest one states the digest of everything that was ever removed. Where the table `removal` is something else, it
counts for nothing: what the events themselves still state does, and every difference is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable

from marcus_events.audit.hash_chain.findings import VerificationResult, describe_range
from marcus_events.core.position_ranges import Range, Ranges, digest
from marcus_events.log import removed_positions


class Removed:
    """`record` is the position of the event that everything rests on; 0 where nothing was ever removed."""

    def __init__(self) -> None:
        self._load()

    def _load(self) -> None:
        stated = removed_positions.stated()
        self.record = stated.record
        self.noted = Ranges.parse(stated.text)
        self.accounted = self.noted if stated.is_accounted_for else removed_by_events(stated)

    def unaccounted(self, ranges: Iterable[Range]) -> list[Range]:
        """Of what is missing, that for which nothing accounts."""
        return [gap for lower, upper in ranges for gap in self.accounted.gaps(lower, upper)]

    def has_changed(self) -> bool:
        """Whether more was removed meanwhile; then that counts from now on."""
        if removed_positions.newest_record() == self.record:
            return False
        self._load()
        return True

    def compare(self, verdict: VerificationResult) -> None:
        """The table is what the event says."""
        if self.accounted is self.noted:
            return
        for lower, upper in self.noted.without(self.accounted):
            verdict.add(
                lower, f"{describe_range(lower, upper)}: recorded as removed, but no sealed event accounts for it"
            )
        for lower, upper in self.accounted.without(self.noted):
            verdict.add(
                lower,
                f"{describe_range(lower, upper)}: removed according to event {self.record}, "
                "but no longer recorded as removed",
            )
        if self.record and verdict.is_whole:
            verdict.add(self.record, "the recorded removal differs from this event")


def removed_by_events(stated: removed_positions.RemovalRecord) -> Ranges:
    """What the newest event states in full, or else what all of them state that are still there."""
    altogether = stated.data.get("all")
    if isinstance(altogether, str) and digest(altogether) == stated.data.get("digest"):
        return Ranges.parse(altogether)
    return removed_positions.each_stated()
