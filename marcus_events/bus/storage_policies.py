"""Storage policies: whether events of a type are stored, and when; declared per type or pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from marcus_events.core.patterns import like

Policy = Literal["durable", "batched", "ephemeral"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
MAX_CACHED_TYPES = 1_000  # whose policy is cached; a type's name may come from anyone


class Policies:
    """`durable`: publishing returns when the event is stored. `batched`: it returns at once, and the event is stored a
    moment later together with others; a crash may lose the events of that moment. `ephemeral`: handlers receive it, in
    every process on the same log, and it is not stored.

    A type's own name takes precedence over patterns, and a longer pattern over a shorter one. The default is durable.
    """

    def __init__(self, declared: Mapping[str, Policy] | None = None) -> None:
        self._declared: dict[str, Policy] = {}
        self._cache: dict[str, Policy] = {}
        for pattern, policy in (declared or {}).items():
            self.declare(pattern, policy)

    def declare(self, pattern: str, policy: Policy) -> None:
        """Raises ValueError if there is no such policy."""
        if policy not in POLICIES:
            raise ValueError(f"“{policy}” is not a policy; there are {', '.join(POLICIES)}")
        self._declared[pattern] = policy
        self._cache.clear()

    def of(self, event_type: str) -> Policy:
        if not self._declared:
            return "durable"
        return self._cache.get(event_type) or self._find(event_type)

    def _find(self, event_type: str) -> Policy:
        found = [pattern for pattern in self._declared if pattern == event_type or like(pattern, event_type)]
        best = max(found, key=lambda pattern: (pattern == event_type, len(pattern)), default=None)
        if len(self._cache) >= MAX_CACHED_TYPES:
            self._cache.clear()
        return self._cache.setdefault(event_type, "durable" if best is None else self._declared[best])


def parse_policies(text: str) -> dict[str, Policy]:
    """Parse a setting such as `task_progress:batched,agent_heartbeat:ephemeral`. Raises ValueError."""
    declared: dict[str, Policy] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        pattern, colon, name = item.rpartition(":")
        policy = next((policy for policy in POLICIES if policy == name), None)
        if not (colon and pattern and policy):
            raise ValueError(f"“{item}” is not of the form pattern:policy, with one of {', '.join(POLICIES)}")
        declared[pattern] = policy
    return declared
