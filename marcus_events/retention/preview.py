"""Preview what each policy would remove if it ran now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from marcus_events.core.event import utc_now
from marcus_events.log.event_counts import count_and_span
from marcus_events.log.partitions import average_event_bytes
from marcus_events.log.statement_timeout import QueryTimeout, deadline_in
from marcus_events.models import RetentionPolicy
from marcus_events.retention.runs import PolicyTask, due

TIMEOUT_S = 2.0  # for one policy
TOTAL_TIMEOUT_S = 5.0  # for all


@dataclass(frozen=True)
class Preview:
    """`count` is None where counting takes too long. `size` is in bytes, estimated from the average event."""

    policy: RetentionPolicy
    count: int | None
    oldest: datetime | None
    newest: datetime | None
    size: int
    held_by: tuple[str, ...]


def previews(now: datetime | None = None) -> list[Preview]:
    """A preview of each enabled policy, the most specific first. Those that no time is left for are not counted."""
    each, until = average_event_bytes(), time.monotonic() + TOTAL_TIMEOUT_S
    return [preview(task, each, until - time.monotonic()) for task in due(now or utc_now())]


def preview(task: PolicyTask, each: float, left_s: float) -> Preview:
    try:
        with deadline_in(min(TIMEOUT_S, left_s)):
            count, oldest, newest = count_and_span(task.condition, task.horizon.position)
    except QueryTimeout:
        return Preview(task.policy, None, None, None, 0, task.horizon.held_by)
    return Preview(task.policy, count, oldest, newest, round(count * each), task.horizon.held_by)
