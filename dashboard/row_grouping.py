"""Decides which events a page may fold into one row, "×14".

Consecutive events in the stream can be folded if they agree in type, source, board, task and agent; new tasks of a
board are alike, whatever they are called. Only repetitive events qualify: progress reports and events of low
importance. Blockers, decisions and errors always have their own row.
The browser folds rows, on loading and while the page is open (static/js/folds.js); the server only marks similar ones.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes, meaning_of

FOLDED_IMPORTANCE = ("low", "noise")  # importance
KEY_BYTES = 8  # ids may be long, and the key is in every row


def group_key(recorded: RecordedEvent) -> str:
    """Return a key that is equal for similar events; "" for events that are never folded."""
    if not is_folded(recorded.event_type):
        return ""
    about = [] if recorded.event_type == EventTypes.TASK_CREATED else [recorded.task_id, recorded.agent_id]
    fields = [recorded.event_type, recorded.source, recorded.board_id, *about]
    return blake2b(json.dumps(fields).encode(), digest_size=KEY_BYTES).hexdigest()


def is_folded(event_type: str) -> bool:
    return event_type == EventTypes.TASK_PROGRESS or meaning_of(event_type).importance in FOLDED_IMPORTANCE
