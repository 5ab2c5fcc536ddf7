"""Which events a policy governs. Every event is governed by one policy at most: the most special one that fits.

A policy for a type on a board comes before one for a board, that before one for a type, and of two patterns the longer
one comes first. So `*` for 90 days and `decision_*` for ten years do what one means by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from marcus_events.core.patterns import like
from marcus_events.log.event_counts import known_types
from marcus_events.log.sql_filter import Condition
from marcus_events.models import RetentionPolicy
from marcus_events.models.retention import ALL


@dataclass(frozen=True)
class Governed:
    """A policy with the condition, for `SELECT … FROM event WHERE`, of the events that are its own."""

    policy: RetentionPolicy
    sql: str
    values: list[Any]


def governed(policies: Iterable[RetentionPolicy]) -> list[Governed]:
    """Of the enabled ones, the most special first."""
    special_first = sorted((policy for policy in policies if policy.enabled), key=rank)
    types = known_types()
    found: list[Governed] = []
    for n, policy in enumerate(special_first):
        own = matching(policy, types)
        others = [matching(other, types) for other in special_first[:n] if overlaps(other, policy)]
        found.append(Governed(policy, *but_not(own, others)))
    return found


def rank(policy: RetentionPolicy) -> tuple[bool, bool, int, str, str]:
    return not policy.board_id, policy.pattern == ALL, -len(policy.pattern), policy.pattern, policy.board_id


def overlaps(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    return not (one.board_id and other.board_id) or one.board_id == other.board_id


def matching(policy: RetentionPolicy, types: Sequence[str]) -> Condition:
    parts: list[str] = []
    values: list[Any] = []
    if policy.board_id:
        parts, values = ["board_id = %s"], [policy.board_id]
    if policy.pattern != ALL:
        parts.append("event_type = ANY(%s)")
        values.append([name for name in types if like(policy.pattern, name)])
    return " AND ".join(parts) or "true", values


def but_not(own: Condition, others: Sequence[Condition]) -> Condition:
    """What may be of no board at all is compared as what it is, not as unknown."""
    if not others:
        return own
    excluded = " AND ".join(f"({sql}) IS NOT TRUE" for sql, _ in others)
    return f"({own[0]}) AND {excluded}", [*own[1], *(value for _, values in others for value in values)]
