"""The effect of a redacted event on the state, without its text.

A redaction removes what an event says, not what it caused: a finished task stays finished. The metadata of a redacted
event keeps an `effect`, which is folded instead of its data. It holds

1. numbers, times, and words of closed lists (a status, a severity);
2. ids that also occur elsewhere in the log; for other ids, that there was one;
3. for texts, that there was one, if that matters.

Only the fields below are read. A field that is missing here loses its effect, but never leaks its text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import SEVERITIES, read_data
from marcus_events.core.redaction_marker import EFFECT, REDACTED, is_redacted
from marcus_events.core.reducers.field_readers import is_named, percent, stated_moment, text, texts
from marcus_events.core.state import AGENT_STATUSES, TASK_STATUSES

REPEATED = "repeats"  # a complaint that opened no blocker, since the same one was open
CLOSED_LISTS = {
    "severity": SEVERITIES,
    "priority": (*SEVERITIES, "urgent"),
    "sync_status": ("pending", "syncing", "synced", "failed", "conflict"),
    "status": (*TASK_STATUSES, "completed", *AGENT_STATUSES),
}
TIMES = ("due", "until")
EVENT_IDS = ("blocker_event_id", "answer_id")
TASK_IDS = ("depends_on", "depends_on_id", "parent_task_id")
BOARD_IDS = ("depends_on_board_id", "depends_on_project_id")
TEXTS = (
    "description",
    "reason",
    "assigned_to",
    "resolution",
    "answer",
    "by",
    "assignee",
    "status",
    "suggestion",
    "error",
    "message",
    *EVENT_IDS,
)


def effect_of(recorded: RecordedEvent, bears: Collection[str]) -> dict[str, Any]:
    """Return the effect of an event; `bears` are the ids in it that also occur elsewhere in the log."""
    said = {name: REDACTED for name in TEXTS if is_present(recorded, name)}
    return said | dict(textless_fields(recorded)) | dict(shared_ids(recorded, bears))


def is_present(recorded: RecordedEvent, name: str) -> bool:
    """Whether the reducers use the field."""
    if name in EVENT_IDS:
        return is_named(recorded, name)
    return read_data(recorded.data, name) not in (None, "", {"text": ""})


def textless_fields(recorded: RecordedEvent) -> Iterator[tuple[str, Any]]:
    """Yield the fields that cannot hold text (rule 1)."""
    for name, words in CLOSED_LISTS.items():
        if (word := text(recorded, name)) in words:
            yield name, word
    for name in TIMES:
        if time := stated_moment(recorded, name):
            yield name, time.isoformat()
    yield from numbers(recorded)
    if recorded.data.get("assigned_to") == "":
        yield "assigned_to", ""
    if (by := recorded.data.get("by")) and recorded.source == f"user:{by}":
        yield "by", by


def numbers(recorded: RecordedEvent) -> Iterator[tuple[str, Any]]:
    if (progress := percent(recorded, -1.0)) >= 0:
        yield "progress", progress
    if isinstance(active := recorded.data.get("active"), bool):
        yield "active", active
    if isinstance(standing_reply := recorded.data.get("standing_reply"), int):
        yield "standing_reply", standing_reply


def shared_ids(recorded: RecordedEvent, bears: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield the ids that also occur elsewhere (rule 2)."""
    for name in EVENT_IDS:
        if (event_id := text(recorded, name)) in bears:
            yield name, event_id
    for name in (*TASK_IDS, *BOARD_IDS):
        if kept := [borne_id for borne_id in texts(recorded, name) if borne_id in bears]:
            yield name, kept


def ids_in(recorded: RecordedEvent) -> tuple[list[str], list[str], list[str]]:
    """Return the ids of events, tasks and boards in an event that the state depends on."""
    event_ids = [event_id for name in EVENT_IDS if (event_id := text(recorded, name))]
    tasks = [task_id for name in TASK_IDS for task_id in texts(recorded, name)]
    return event_ids, tasks, [board_id for name in BOARD_IDS for board_id in texts(recorded, name)]


def foldable(recorded: RecordedEvent) -> RecordedEvent:
    """Return the event to fold: a redacted one with its effect in place of the marker."""
    if not is_redacted(recorded.data):
        return recorded
    effect = recorded.metadata.get(EFFECT)
    return replace(recorded, event=replace(recorded.event, data=effect if isinstance(effect, dict) else {}))


def is_repeat(recorded: RecordedEvent) -> bool:
    """Whether it is a redacted `task_blocked` that opened no blocker."""
    effect = recorded.metadata.get(EFFECT)
    return isinstance(effect, dict) and effect.get(REPEATED) is True
