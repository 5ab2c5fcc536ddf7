"""Events that their producer marks as out of order.

State follows the order of the log. Only the producer can compare times, which are of one machine: the follower of a
Marcus installation, which reads several files, sets `OUT_OF_ORDER` if the log already has later events.
"""

from __future__ import annotations

from marcus_events.core import event_fields
from marcus_events.core.event import OUT_OF_ORDER, RecordedEvent

TASK_MOVING_TYPES = frozenset(event_fields.TASK_MOVING_TYPES)


def is_out_of_order(recorded: RecordedEvent) -> bool:
    """Whether the event would move a task, but is marked as out of order."""
    return recorded.event_type in TASK_MOVING_TYPES and recorded.metadata.get(OUT_OF_ORDER) is True
