"""Which events a policy governs. Every event is governed by one policy at most: the most special one that fits.

A policy for a type on a board comes before one for a board, that before one for a type, and of two patterns the longer
one comes first. So `*` for 90 days and `decision_*` for ten years do what one means by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marcus_events.core.patterns import like
from marcus_events.log.event_counts import known_types
from marcus_events.log.sql_filter import Condition, but_not, on_board
from marcus_events.models import RetentionPolicy
from marcus_events.models.retention import ALL


@dataclass(frozen=True)
class Governed:
    """A policy with the condition of the events that are its own."""

    policy: RetentionPolicy
    condition: Condition


def governed(policies: Iterable[RetentionPolicy]) -> list[Governed]:
    """Of the enabled ones, the most special first."""
    special_first = sorted((policy for policy in policies if policy.enabled), key=rank)
    types = known_types()
    found: list[Governed] = []
    for n, policy in enumerate(special_first):
        own = matching(policy, types)
        others = [matching(other, types) for other in special_first[:n] if overlaps(other, policy)]
        found.append(Governed(policy, but_not(own, others)))
    return found


def rank(policy: RetentionPolicy) -> tuple[bool, bool, int, str, str]:
    return not policy.board_id, policy.pattern == ALL, -len(policy.pattern), policy.pattern, policy.board_id


def overlaps(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    return not (one.board_id and other.board_id) or one.board_id == other.board_id


def matching(policy: RetentionPolicy, types: Sequence[str]) -> Condition:
    chosen = None if policy.pattern == ALL else [name for name in types if like(policy.pattern, name)]
    return on_board(policy.board_id, chosen)
