"""A sentence a person can read, made of an event.

The result is a list of parts, not text or HTML: a page links the parts that name a task, an agent or a board.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import text_in
from marcus_events.core.event_types import BY_STANDING_REPLY, BY_SYSTEM, KNOWN_FROM_BOARD, EventTypes, meaning_of
from marcus_events.core.redaction_marker import day_of, is_redacted
from marcus_events.core.reserved import SYSTEM, person_in

PartKind = Literal["text", "task", "agent", "board", "time"]
MAX_FIELD = 300  # characters of one field in a sentence; the whole is one click away


@dataclass(frozen=True)
class SentencePart:
    """`kind` is "text", or what the part names; `id` identifies it then. The id of a time is the time in ISO 8601."""

    kind: PartKind
    text: str
    id: str = ""


def sentence(recorded: RecordedEvent) -> list[SentencePart]:
    """The event in words. Never fails: what an event lacks is said in general terms."""
    if is_redacted(recorded.data):
        return [SentencePart("text", redacted_words(recorded))]
    parts: list[SentencePart] = []
    for optional, plain in re.findall(r"\[([^\]]*)\]|([^\[]+)", phrase_of(recorded)):
        parts += fill(optional, recorded, optional=True) if optional else fill(plain, recorded)
    return capitalised(parts)


def phrase_of(recorded: RecordedEvent) -> str:
    """The type's own phrase; others for what is known from a board alone, for standing replies and for the system."""
    phrase = meaning_of(recorded.event_type).phrase
    if recorded.event_type == EventTypes.BLOCKER_ANSWERED and recorded.data.get("standing_reply"):
        return BY_STANDING_REPLY
    if recorded.source.startswith(SYSTEM):
        return BY_SYSTEM.get(recorded.event_type, phrase)
    return KNOWN_FROM_BOARD.get(recorded.event_type, phrase) if recorded.data.get("known_from") == "board" else phrase


def speaker(recorded: RecordedEvent) -> str:
    """Who did it, by the source alone: `by` in the data may be anybody's words."""
    return short(person_in(recorded.source)) or f"{short(recorded.source)} (a program)"


def redacted_words(recorded: RecordedEvent) -> str:
    """What it was remains known, and who took what it said away."""
    when = day_of(recorded.data)
    who = f"redacted by {field(recorded, 'by') or 'someone'}{f' on {when}' if when else ''}"
    reason = field(recorded, "reason")
    return f"{meaning_of(recorded.event_type).title}, {who}{f': {reason}' if reason else ''}"


def as_text(parts: list[SentencePart]) -> str:
    return "".join(part.text for part in parts)


def fill(phrase: str, recorded: RecordedEvent, *, optional: bool = False) -> list[SentencePart]:
    """The parts of a phrase; none at all where it is optional and a field is missing."""
    parts: list[SentencePart] = []
    for text, name in re.findall(r"([^{]+)|\{(\w+)\}", phrase):
        part = SentencePart("text", text) if text else named(name, recorded)
        if optional and (not part.text or (name == "task" and not recorded.task_id)):
            return []
        parts.append(part if part.text else SentencePart("text", "?"))
    return parts


def named(name: str, recorded: RecordedEvent) -> SentencePart:
    match name:
        case "task":
            return identified("task", task_name(recorded), recorded.task_id)
        case "agent":
            return identified("agent", agent_name(recorded), recorded.agent_id)
        case "board":
            return identified("board", board_name(recorded), recorded.board_id)
        case "by":
            return SentencePart("text", speaker(recorded))
        case "on":
            on = field(recorded, "depends_on_id")
            return identified("task", field(recorded, "depends_on_name") or on or "another task", on)
        case "until":
            return time_part(field(recorded, "until"))
    return SentencePart("text", field(recorded, name))


def time_part(stated: str) -> SentencePart:
    """An ISO 8601 time as "3 May 2026 14:05 UTC", which a page shows in its reader's zone; any other text unchanged."""
    try:
        at = datetime.fromisoformat(stated)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return SentencePart("text", stated)
    return SentencePart("time", f"{at.day} {at:%b %Y %H:%M} UTC", at.isoformat())


def identified(kind: PartKind, text: str, name: str | None) -> SentencePart:
    """A part that names something by its id; plain text where it is not known which."""
    return SentencePart(kind, text, name) if name else SentencePart("text", text)


def task_name(recorded: RecordedEvent) -> str:
    return field(recorded, "task_name") or short(recorded.task_id or "") or "a task"


def agent_name(recorded: RecordedEvent) -> str:
    """The name the producer gave, else the id in words: "agent_claude_2" reads "Claude 2"."""
    return stated_agent_name(recorded) or agent_words(recorded.agent_id or "")


def stated_agent_name(recorded: RecordedEvent) -> str:
    given = text_of(recorded.metadata.get("agent_name")) or field(recorded, "agent_name")
    return given or (field(recorded, "name") if is_about_agent(recorded) else "")


def agent_words(agent_id: str) -> str:
    words = short(agent_id.removeprefix("agent_").replace("_", " "))
    return words[:1].upper() + words[1:] or "Someone"


def board_name(recorded: RecordedEvent) -> str:
    return stated_board_name(recorded) or short(recorded.board_id or "") or "the board"


def stated_board_name(recorded: RecordedEvent) -> str:
    return text_of(recorded.metadata.get("board_name")) or field(recorded, "project_name")


def is_about_agent(recorded: RecordedEvent) -> bool:
    return meaning_of(recorded.event_type).category == "agent"


def field(recorded: RecordedEvent, name: str) -> str:
    """A field of the data as text; nothing for what is missing, empty or not a plain value."""
    return text_of(recorded.data.get(name))


def text_of(value: object) -> str:
    return short(text_in(value) or "")


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_FIELD else text[: MAX_FIELD - 1] + "…"


def capitalised(parts: list[SentencePart]) -> list[SentencePart]:
    if not parts or parts[0].kind != "text":
        return parts
    first = parts[0]
    return [SentencePart("text", first.text[:1].upper() + first.text[1:]), *parts[1:]]
