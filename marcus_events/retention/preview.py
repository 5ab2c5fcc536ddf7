"""What a policy would remove if it ran now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from marcus_events.core.event import utc_now
from marcus_events.log.event_counts import count_and_span
from marcus_events.log.partitions import average_event_bytes
from marcus_events.log.statement_timeout import QueryTimeout, at_most
from marcus_events.models import RetentionPolicy
from marcus_events.retention.runs import PolicyTask, due

LONGEST_S = 2.0  # for one policy
ALL_S = 5.0


@dataclass(frozen=True)
class Preview:
    """`count` is None where counting takes too long. `size` is in bytes, from what an event takes on the average."""

    policy: RetentionPolicy
    count: int | None
    oldest: datetime | None
    newest: datetime | None
    size: int
    held_by: tuple[str, ...]


def previews(now: datetime | None = None) -> list[Preview]:
    """Of each enabled policy, beside the others, the most special one first.

    Whoever asks waits ALL_S at most: what there is no time left for is not counted.
    """
    each, until = average_event_bytes(), time.monotonic() + ALL_S
    return [preview(task, each, until - time.monotonic()) for task in due(now or utc_now())]


def preview(task: PolicyTask, each: float, left_s: float) -> Preview:
    try:
        with at_most(min(LONGEST_S, left_s)):
            count, oldest, newest = count_and_span(task.condition, task.reach.position)
    except QueryTimeout:
        return Preview(task.policy, None, None, None, 0, task.reach.held_by)
    return Preview(task.policy, count, oldest, newest, round(count * each), task.reach.held_by)
