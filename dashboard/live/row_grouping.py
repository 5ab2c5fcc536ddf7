"""Which events a page may fold into one row, "×14".

A burst is what stands together in the stream, with nothing between, of events that say the same kind of thing: of one
type, from one source, about one board, task and agent. Only what happens over and over is folded: progress, and what is
of low importance. So a blocker, a decision or an error is always a row of its own. The browser does the folding, when a
page opens and while it is open (static/js/folds.js); here it is only said what is alike.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes, meaning_of

FOLDED = ("low", "noise")  # importance
KEY_BYTES = 8  # what producers call things may be long, and stands in every row


def burst_of(recorded: RecordedEvent) -> str:
    """The same for events that are alike; "" for what is never folded."""
    if not is_folded(recorded.event_type):
        return ""
    about = [recorded.event_type, recorded.source, recorded.board_id, recorded.task_id, recorded.agent_id]
    return blake2b(json.dumps(about).encode(), digest_size=KEY_BYTES).hexdigest()


def is_folded(event_type: str) -> bool:
    return event_type == EventTypes.TASK_PROGRESS or meaning_of(event_type).importance in FOLDED
