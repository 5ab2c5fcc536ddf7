"""The bodies of messages. They are made when they are sent, so that redacted texts are not sent."""

from __future__ import annotations

import json
from datetime import datetime

from marcus_events.blockers.outcome import ended_by, status_of
from marcus_events.models import Blocker

MAX_TEXT = 4_000  # characters of a question or an answer; receivers refuse bodies that are too large
BLOCKER_RESOLVED, TEST = "blocker.resolved", "test"


def resolved_message(blocker: Blocker) -> bytes:
    """Make the message about a blocker that has ended; `blocker` is the row that begins with its end."""
    texts = {"question": blocker.description, "answer": blocker.resolution}
    data = {
        "ticket": blocker.event_id,
        "status": status_of(blocker),
        "task": blocker.task_id,
        "board": blocker.board_id,
        "agent": blocker.agent_id or None,
        **{name: shorten(text) or None for name, text in texts.items()},
        "answered_by": ended_by(blocker),
        "position": blocker.from_position,
        "shortened": [name for name, text in texts.items() if len(text) > MAX_TEXT],
    }
    return message(BLOCKER_RESOLVED, blocker.resolved_at or blocker.from_time, data)


def probe_message(at: datetime) -> bytes:
    """Make the message of "Send a test"."""
    return message(TEST, at, {})


def message(message_type: str, at: datetime, data: dict[str, object]) -> bytes:
    return json.dumps({"type": message_type, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False).encode()


def shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
