"""How an event of a type is kept: declared per type or pattern, in code or in settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from marcus_events.core.patterns import like

Policy = Literal["durable", "batched", "ephemeral"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
MAX_KNOWN_TYPES = 1_000  # whose policy is remembered; a type's name may come from anyone


class Policies:
    """`durable`: publishing returns when the event is stored. `batched`: it returns at once, and the event is stored
    within moments together with others; a crash may cost these moments. `ephemeral`: handlers hear it, in every process
    on the same log, and nobody keeps it.

    A type's own name goes before patterns, a longer pattern before a shorter one. Where nothing is declared: durable.
    """

    def __init__(self, declared: Mapping[str, Policy] | None = None) -> None:
        self._declared: dict[str, Policy] = {}
        self._known: dict[str, Policy] = {}
        for pattern, policy in (declared or {}).items():
            self.declare(pattern, policy)

    def declare(self, pattern: str, policy: Policy) -> None:
        """Raises ValueError where there is no such policy."""
        if policy not in POLICIES:
            raise ValueError(f"“{policy}” is not a policy; there are {', '.join(POLICIES)}")
        self._declared[pattern] = policy
        self._known.clear()

    def of(self, event_type: str) -> Policy:
        if not self._declared:
            return "durable"
        return self._known.get(event_type) or self._find(event_type)

    def _find(self, event_type: str) -> Policy:
        found = [pattern for pattern in self._declared if pattern == event_type or like(pattern, event_type)]
        best = max(found, key=lambda pattern: (pattern == event_type, len(pattern)), default=None)
        if len(self._known) >= MAX_KNOWN_TYPES:
            self._known.clear()
        return self._known.setdefault(event_type, "durable" if best is None else self._declared[best])


def parse_policies(text: str) -> dict[str, Policy]:
    """`task_progress:batched,agent_heartbeat:ephemeral`, as it stands in the environment. Raises ValueError."""
    declared: dict[str, Policy] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        pattern, colon, named = item.rpartition(":")
        policy = next((policy for policy in POLICIES if policy == named), None)
        if not (colon and pattern and policy):
            raise ValueError(f"“{item}” is not of the form pattern:policy, with one of {', '.join(POLICIES)}")
        declared[pattern] = policy
    return declared
