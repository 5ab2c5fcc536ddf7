"""What a redacted event still does to the state: everything but its words.

A redaction takes away what an event says, not what came of it: a finished task stays finished, a resolved blocker stays
resolved. The metadata of a redacted event therefore keeps an `effect`, which is folded in place of its data. It holds

1. numbers, times, and words of closed lists (a status, a severity);
2. ids that something else in the log bears too; of an id that nothing else bears, that there was one;
3. that there was a text, where it matters that there was one.

Only the fields below are looked at. One that is forgotten here loses its effect; it never shows a text.
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
    """`bears` holds those of `ids_in` that something else in the log bears."""
    said = {name: REDACTED for name in TEXTS if is_present(recorded, name)}
    return said | dict(textless_fields(recorded)) | dict(shared_ids(recorded, bears))


def is_present(recorded: RecordedEvent, name: str) -> bool:
    """Whether the fold takes this for something said."""
    if name in EVENT_IDS:
        return is_named(recorded, name)
    return read_data(recorded.data, name) not in (None, "", {"text": ""})


def textless_fields(recorded: RecordedEvent) -> Iterator[tuple[str, Any]]:
    """Whatever cannot hold a text: see rule 1."""
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


def shared_ids(recorded: RecordedEvent, bears: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Rule 2."""
    for name in EVENT_IDS:
        if (event_id := text(recorded, name)) in bears:
            yield name, event_id
    for name in (*TASK_IDS, *BOARD_IDS):
        if kept := [borne_id for borne_id in texts(recorded, name) if borne_id in bears]:
            yield name, kept


def ids_in(recorded: RecordedEvent) -> tuple[list[str], list[str], list[str]]:
    """The ids of other events, of tasks and of boards that the state depends on."""
    event_ids = [event_id for name in EVENT_IDS if (event_id := text(recorded, name))]
    tasks = [task_id for name in TASK_IDS for task_id in texts(recorded, name)]
    return event_ids, tasks, [board_id for name in BOARD_IDS for board_id in texts(recorded, name)]


def foldable(recorded: RecordedEvent) -> RecordedEvent:
    """The event with what the state is to be derived from: of a redacted one its effect, never what its marker says."""
    if not is_redacted(recorded.data):
        return recorded
    effect = recorded.metadata.get(EFFECT)
    return replace(recorded, event=replace(recorded.event, data=effect if isinstance(effect, dict) else {}))


def is_repeat(recorded: RecordedEvent) -> bool:
    """Whether it is a redacted complaint that opened no blocker."""
    effect = recorded.metadata.get(EFFECT)
    return isinstance(effect, dict) and effect.get(REPEATED) is True
