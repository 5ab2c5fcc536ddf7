"""The fields that this project reads of an event, by event type, with the expected value of each.

Reducers, sentences and the check at ingest read fields through this table, so that a value is either used or its
producer is warned. Unambiguous values are converted: the id 77 to "77", the progress "45" to 45, a single text to a
list. A boolean is not a number. A missing, null or blank value counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marcus_events.core.causation import CAUSATION, CORRELATION
from marcus_events.core.event import OUT_OF_ORDER, InvalidEvent, parse_timestamp
from marcus_events.core.event_types import HANDLING, MEANINGS, category_of
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.payload import MAX_EVENT_BYTES, MAX_NAME_BYTES, SHORT_NAME, name_in

SEVERITIES = ("low", "medium", "high", "critical")
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
DATA, METADATA = "/data", "/metadata"


@dataclass(frozen=True)
class FieldWarning:
    """A field of an accepted event that is not used as it was sent."""

    pointer: str
    expected: str

    def __str__(self) -> str:
        return f"{self.pointer}: should be {self.expected}"


@dataclass(frozen=True)
class Expectation:
    """The expected value of a field.

    `words` describes it. `read` converts a value, or returns None if it cannot. `is_whole` tells whether a value that
    was read is used completely. A text of at most `fitting_text` characters always is.
    """

    words: str
    read: Callable[[Any], Any]
    is_whole: Callable[[Any], bool] = lambda value: True
    fitting_text: int = 0

    def misfit(self, value: object) -> str | None:
        """Return the pointer, below the field, to a value that is not used as it was sent; None if there is none."""
        return None if is_blank(value) or (self.read(value) is not None and self.is_whole(value)) else ""


@dataclass(frozen=True)
class ListOf:
    """The expectation of a list. A single item counts as a list of one, unless it is a text that looks like a list."""

    words: str
    item: Expectation
    fitting_text: int = 0

    def read(self, value: object) -> list[Any] | None:
        if looks_like_list(value):
            return None
        found = [self.item.read(item) for item in (value if isinstance(value, list) else [value])]
        return [item for item in found if item] or None

    def misfit(self, value: object) -> str | None:
        if looks_like_list(value):
            return ""
        if not isinstance(value, list):
            return self.item.misfit(value)
        return next((f"/{n}" for n, item in enumerate(value) if self.item.misfit(item) is not None), None)


def looks_like_list(value: object) -> bool:
    return isinstance(value, str) and ("," in value or value.lstrip().startswith(("[", "{")))


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def is_short_enough(value: object) -> bool:
    return not isinstance(value, str) or len(value.encode()) <= MAX_NAME_BYTES


def text_in(value: object) -> str | None:
    """Return a text, or a number as text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def number_in(value: object) -> float | None:
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return float(value)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def percent_in(value: object) -> float | None:
    """Return a number limited to 0 to 100."""
    number = number_in(value)
    return None if number is None else float(max(0, min(100, number)))


def severity_in(value: object) -> str | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if word in SEVERITIES else None


def time_in(value: object) -> datetime | None:
    try:
        return parse_timestamp(value)
    except InvalidEvent:
        return None


def suggestion_in(value: object) -> dict[str, Any] | None:
    text = text_in(value)
    return {"text": text} if text is not None else value if isinstance(value, dict) else None


ID = Expectation(f"a string of at most {MAX_NAME_BYTES} bytes or an integer", name_in, is_short_enough, SHORT_NAME)
IDS = ListOf("an id or a list of ids, as strings or integers", ID)
TEXT = Expectation("a string or a number", text_in, fitting_text=MAX_EVENT_BYTES)
TEXTS = ListOf("a string or a list of strings", TEXT)
PERCENT = Expectation("a number from 0 to 100", percent_in, lambda value: 0 <= (number_in(value) or 0) <= 100)
SEVERITY = Expectation("low, medium, high or critical", severity_in)
TIME = Expectation("an ISO 8601 time with a time zone", time_in)
SUGGESTION = Expectation("a string or an object", suggestion_in)
BOOLEAN = Expectation("true or false", lambda value: value if isinstance(value, bool) else None)

BLOCKER_TYPES = (
    T.BLOCKER_SUGGESTION,
    T.BLOCKER_UPDATED,
    T.BLOCKER_RESOLVED,
    *HANDLING,
)
STANDING_REPLY_TYPES = (
    T.BLOCKER_ANSWERED,
    T.BLOCKER_RESOLVED,
    T.STANDING_REPLY_SAVED,
    T.STANDING_REPLY_STARTED,
    T.STANDING_REPLY_STOPPED,
)
CONNECTION_TYPES = (T.KANBAN_ERROR, T.FALLBACK_MODE)
TASK_MOVING_TYPES = (T.TASK_ASSIGNED, T.TASK_STARTED, T.TASK_PROGRESS, T.TASK_COMPLETED, T.TASK_BLOCKED)
TASK_HOLDER_TYPES = (*TASK_MOVING_TYPES, T.TASK_UPDATED)
AGENT_TYPES = tuple(name for name in MEANINGS if category_of(name) == "agent")


@dataclass(frozen=True)
class EventField:
    """A field that is read of events of these types; of all events if `types` is None."""

    name: str
    expectation: Expectation | ListOf
    types: Collection[str] | None = None
    place: str = DATA


FIELDS = (
    EventField("task_id", ID),
    EventField("agent_id", ID),
    EventField("worker_id", ID),
    EventField("board_id", ID),
    EventField("project_id", ID),
    EventField("task_name", TEXT),
    EventField("agent_name", TEXT),
    EventField("project_name", TEXT),
    EventField("name", TEXT, AGENT_TYPES),
    EventField("role", TEXT, (T.AGENT_REGISTERED, T.AGENT_SKILL_UPDATED)),
    EventField("skills", TEXTS, (T.AGENT_REGISTERED, T.AGENT_SKILL_UPDATED)),
    EventField("description", TEXT, (T.TASK_CREATED, T.TASK_BLOCKED, T.TASK_UPDATED)),
    EventField("priority", TEXT, (T.TASK_CREATED, T.TASK_ASSIGNED, T.TASK_UPDATED)),
    EventField("labels", TEXTS, (T.TASK_CREATED,)),
    EventField("depends_on", IDS, (T.TASK_CREATED,)),
    EventField("depends_on_id", IDS, (T.DEPENDENCY_DETECTED,)),
    EventField("depends_on_name", TEXT, (T.DEPENDENCY_DETECTED,)),
    EventField("depends_on_board_id", IDS, (T.TASK_CREATED, T.DEPENDENCY_DETECTED)),
    EventField("depends_on_project_id", IDS, (T.TASK_CREATED, T.DEPENDENCY_DETECTED)),
    EventField("parent_task_id", ID, (T.TASK_CREATED, T.TASK_UPDATED)),
    EventField("assigned_to", ID, TASK_HOLDER_TYPES),
    EventField("board_type", TEXT),
    EventField("external_url", TEXT),
    EventField("external_id", TEXT),
    EventField("sync_status", TEXT),
    EventField("error", TEXT, CONNECTION_TYPES),
    EventField("message", TEXT, CONNECTION_TYPES),
    EventField("active", BOOLEAN, (T.FALLBACK_MODE,)),
    EventField("progress", PERCENT, (T.TASK_STARTED, T.TASK_PROGRESS, T.TASK_UPDATED, T.TASK_COMPLETED)),
    EventField("status", TEXT, (T.TASK_PROGRESS, T.TASK_UPDATED, T.AGENT_STATUS_CHANGED)),
    EventField("reason", TEXT, (T.TASK_BLOCKED, T.TASK_UPDATED, T.ANSWER_FAILED, *CONNECTION_TYPES)),
    EventField("severity", SEVERITY, (T.TASK_BLOCKED, T.TASK_UPDATED, T.BLOCKER_UPDATED)),
    EventField("blocker_type", TEXT, (T.TASK_BLOCKED, T.TASK_UPDATED)),
    EventField("options", TEXTS, (T.TASK_BLOCKED,)),
    EventField("recommendation", TEXT, (T.TASK_BLOCKED,)),
    EventField("blocker_event_id", ID, BLOCKER_TYPES),
    EventField("suggestion", SUGGESTION, (T.BLOCKER_SUGGESTION,)),
    EventField("resolution", TEXT, (T.BLOCKER_RESOLVED,)),
    EventField("by", TEXT, BLOCKER_TYPES),
    EventField("assignee", TEXT, (T.BLOCKER_ASSIGNED,)),
    EventField("until", TIME, (T.BLOCKER_SNOOZED, T.ANSWER_AWAITED, T.STANDING_REPLY_STARTED)),
    EventField("answer", TEXT, (T.BLOCKER_ANSWERED,)),
    EventField("due", TIME, (T.BLOCKER_ANSWERED,)),
    EventField("received_by", TEXT, (T.ANSWER_SEEN,)),
    EventField("standing_reply", ID, STANDING_REPLY_TYPES),
    EventField("answer_id", ID, (T.BLOCKER_RESOLVED, T.ANSWER_WITHDRAWN, T.ANSWER_FAILED)),
    EventField("board_id", ID, place=METADATA),
    EventField("board_name", TEXT, place=METADATA),
    *(EventField(name, TEXT, place=METADATA) for name in ("board_type", "external_url", "external_id", "sync_status")),
    EventField("agent_name", TEXT, place=METADATA),
    EventField(CORRELATION, TEXT, place=METADATA),
    EventField(CAUSATION, TEXT, place=METADATA),
    EventField(OUT_OF_ORDER, BOOLEAN, TASK_MOVING_TYPES, METADATA),
)

FieldTable = dict[str, Expectation | ListOf]


def field_table(place: str, event_type: str | None = None) -> FieldTable:
    """Return the fields that are read of an event of this type; of an unknown type without one."""
    fields = [field for field in FIELDS if field.place == place]
    return {field.name: field.expectation for field in fields if field.types is None or event_type in field.types}


def phrase_fields(event_type: str) -> FieldTable:
    """Return the further fields that the phrase of the type names."""
    known = (*PHRASE_NAMES, *field_table(DATA, event_type))
    return {name: TEXT for name in re.findall(r"\{(\w+)\}", MEANINGS[event_type].phrase) if name not in known}


PHRASE_NAMES = ("task", "agent", "board", "by", "on")  # in a phrase, what is named by several fields
FIELDS_BY_NAME = {
    place: {field.name: field.expectation for field in FIELDS if field.place == place} for place in (DATA, METADATA)
}
DATA_FIELDS, METADATA_FIELDS = FIELDS_BY_NAME[DATA], FIELDS_BY_NAME[METADATA]
FIELDS_BY_TYPE = {
    name: (field_table(DATA, name) | phrase_fields(name), field_table(METADATA, name)) for name in MEANINGS
}
FIELDS_OF_UNKNOWN = field_table(DATA), field_table(METADATA)


def read_data(data: dict[str, Any], name: str) -> Any:
    """Read a field of the data; None if it is absent or unusable. Raises KeyError for a field not in the table."""
    return read_field(DATA_FIELDS[name], data.get(name))


def read_metadata(metadata: dict[str, Any], name: str) -> Any:
    """Read a field of the metadata, in the same way."""
    return read_field(METADATA_FIELDS[name], metadata.get(name))


def read_field(expectation: Expectation | ListOf, value: object) -> Any:
    """Convert a value as expected; at once None for an absent one, since most fields of an event are absent."""
    return None if value is None else expectation.read(value)


def warnings_in(event_type: str, data: dict[str, Any], metadata: dict[str, Any]) -> tuple[FieldWarning, ...]:
    """Return a warning for each field that is not used as it was sent; for a list, for the first such item."""
    in_data, in_metadata = FIELDS_BY_TYPE.get(event_type, FIELDS_OF_UNKNOWN)
    return (*field_warnings(DATA, in_data, data), *field_warnings(METADATA, in_metadata, metadata))


def field_warnings(place: str, expected: FieldTable, values: dict[str, Any]) -> list[FieldWarning]:
    misfits = {}
    for name, value in values.items():
        expectation = expected.get(name)
        if expectation is None or (type(value) is str and len(value) <= expectation.fitting_text):
            continue
        if (below := expectation.misfit(value)) is not None:
            misfits[name] = below
    found = [name for name in expected if name in misfits] if misfits else ()
    return [FieldWarning(f"{place}/{name}{misfits[name]}", expected[name].words) for name in found]
