"""What a producer reports out of order. State follows the order of the log, so the producer has to say so itself.

Only the producer can tell: it compares times of one machine. The follower of a Marcus installation, which reads several
files, marks an event with `OUT_OF_ORDER` in its metadata when the log already has what came after it.
"""

from __future__ import annotations

from marcus_events.core import event_fields
from marcus_events.core.event import OUT_OF_ORDER, RecordedEvent

TASK_MOVING_TYPES = frozenset(event_fields.TASK_MOVING_TYPES)


def is_out_of_order(recorded: RecordedEvent) -> bool:
    """Whether the event would move a task, but is marked as out of order."""
    return recorded.event_type in TASK_MOVING_TYPES and recorded.metadata.get(OUT_OF_ORDER) is True
