"""Which events a policy governs. The most specific matching policy applies to an event, and no other.

A policy for a type on a board is more specific than one for a board, and that more than one for a type. Of two patterns
the longer one is more specific. So `*` for 90 days and `decision_*` for ten years work together as expected.
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
    """A policy with the condition of the events that it governs."""

    policy: RetentionPolicy
    condition: Condition


def governed(policies: Iterable[RetentionPolicy]) -> list[Governed]:
    """The enabled policies, the most specific first."""
    ordered = sorted((policy for policy in policies if policy.enabled), key=rank)
    types = known_types()
    found: list[Governed] = []
    for n, policy in enumerate(ordered):
        own = condition_of(policy, types)
        others = [condition_of(other, types) for other in ordered[:n] if overlaps(other, policy)]
        found.append(Governed(policy, but_not(own, others)))
    return found


def rank(policy: RetentionPolicy) -> tuple[bool, bool, int, str, str]:
    return not policy.board_id, policy.pattern == ALL, -len(policy.pattern), policy.pattern, policy.board_id


def overlaps(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    return not (one.board_id and other.board_id) or one.board_id == other.board_id


def condition_of(policy: RetentionPolicy, types: Sequence[str]) -> Condition:
    chosen = None if policy.pattern == ALL else [name for name in types if like(policy.pattern, name)]
    return on_board(policy.board_id, chosen)
