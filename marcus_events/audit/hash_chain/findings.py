"""The result of a verification."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_FAULTS = 20  # named; further ones are counted


@dataclass(frozen=True)
class Fault:
    """A position where the log and its chain differ, and a description for people."""

    position: int
    words: str


@dataclass
class VerificationResult:
    """`verified_to` is the last position in the chain, `head_hash` the hash of the block that ends there.

    `anchored` is the number of anchored heads that were compared.
    """

    head: int = 0
    verified_to: int = 0
    head_hash: str = ""
    events: int = 0
    redacted: int = 0
    removed: int = 0
    anchored: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    @property
    def has_room(self) -> bool:
        return len(self.faults) < MAX_FAULTS

    def add(self, position: int, words: str) -> None:
        fault = Fault(position, words)
        if self.has_room and fault not in self.faults:
            self.faults.append(fault)


def describe_range(lower: int, upper: int) -> str:
    """Describe a range of positions; `upper` is the position after the last."""
    return f"position {lower}" if upper == lower + 1 else f"positions {lower} to {upper - 1}"
