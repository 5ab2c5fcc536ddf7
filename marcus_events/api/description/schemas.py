"""The shapes of what is sent and answered, as JSON Schema."""

from __future__ import annotations

from typing import Any, get_args

from cloudevents.core.spec import SPECVERSION_V1_0

from marcus_events.core.event import CLOCK_TOLERANCE, EARLIEST, LATEST
from marcus_events.core.event_fields import SEVERITIES
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.payload import MAX_DEPTH, MAX_EVENT_BYTES, MAX_KEYS, MAX_NAME_BYTES, MAX_NUMBER
from marcus_events.core.state import TASK_STATUSES
from marcus_events.http.publish_items import CODES, MAX_BATCH
from marcus_events.ingest import Status

Schema = dict[str, Any]
ANYTHING: Schema = {}
TEXT: Schema = {"type": "string"}
NULLABLE_TEXT: Schema = {"type": ["string", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
POSITION: Schema = {"type": "integer", "minimum": 1, "description": "The place in the log."}
NULLABLE_POSITION: Schema = {"type": ["integer", "null"], "minimum": 1}
OBJECT: Schema = {"type": "object", "additionalProperties": True}
NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NAME_BYTES,
    "description": f"At most {MAX_NAME_BYTES} bytes.",
}
PAYLOAD = (
    f"`data` and `metadata` together have at most {MAX_EVENT_BYTES // 1024} KiB as JSON and {MAX_KEYS:,} keys; "
    f"{MAX_DEPTH} levels; numbers up to ±{MAX_NUMBER}."
)


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(values: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(values)}


def record(described: str, **fields: Schema) -> Schema:
    """An object that has all of these fields."""
    return {"type": "object", "description": described, "required": list(fields), "properties": fields}


def rows(name: str) -> Schema:
    return {"type": "array", "items": ref(name)}


def answer(name: str, row: str) -> Schema:
    cursor = NULLABLE_TEXT | {"description": "The `cursor` to go on with; null on the last page."}
    return record(f"The {name} that were asked for: a page of them.", **{name: rows(row)}, next=cursor)


TAKEN: Schema = {
    "accepted": COUNT,
    "duplicates": COUNT,
    "rejected": COUNT,
    "results": {"type": "array", "items": ref("Result"), "minItems": 1, "maxItems": MAX_BATCH},
}
OWN_FIELDS: Schema = {
    "event_id": NAME,
    "timestamp": TIME,
    "event_type": NAME,
    "source": NAME,
    "data": OBJECT,
    "metadata": OBJECT,
}
EVENT_TO_PUBLISH: Schema = {
    "type": "object",
    "description": f"What happened. Further fields are kept as `extra` in the metadata. {PAYLOAD}",
    "required": ["event_type", "source"],
    "properties": OWN_FIELDS
    | {
        "event_id": NAME
        | {"description": "Tells this event of its source from every other; made where it is missing."},
        "timestamp": TIME
        | {"description": f"The producer's clock, {EARLIEST.year} to {LATEST.year}; now where it is missing."},
    },
    "additionalProperties": True,
}
EVENT = record(
    "An event as the log holds it.",
    **OWN_FIELDS,
    position=POSITION,
    recorded_at=TIME | {"description": "When it was taken in, by the clock of the log."},
    category=one_of(CATEGORIES),
)
EVENT["properties"]["clock_ahead_s"] = {
    "type": "number",
    "exclusiveMinimum": CLOCK_TOLERANCE.total_seconds(),
    "description": "How far the producer's clock was ahead of the log's, in seconds; there only when it was ahead by "
    "more than five minutes. Such an event counts from `recorded_at`.",
}
WARNINGS: Schema = {
    "type": "array",
    "minItems": 1,
    "description": "The fields of an event in the log that are not used as they stand; left out where there are none.",
    "items": record(
        "A field, and what it should hold.",
        pointer={"type": "string", "description": "A JSON pointer (RFC 6901) into the body."},
        expected={"type": "string"},
    ),
}
RESULT: Schema = {
    "type": "object",
    "description": "What became of one event. `code` is the status that it would have on its own.",
    "required": ["event_id", "position", "status", "code"],
    "properties": {
        "event_id": TEXT,
        "position": NULLABLE_POSITION
        | {"description": "Where it stands; of a duplicate or a conflict, the first one."},
        "status": one_of(get_args(Status)),
        "code": {"type": "integer", "enum": sorted({code.value for code in CODES.values()})},
        "error": NULLABLE_TEXT | {"description": "Of a rejected one: the place and the reason."},
        "pointer": NULLABLE_TEXT | {"description": "Of a rejected one: a JSON pointer (RFC 6901) into the body."},
        "limit": NULLABLE_TEXT | {"description": "Of a rejected one: the limit that it is beyond, if it is one."},
        "warnings": WARNINGS,
    },
}
CLOUDEVENT_FIELDS: Schema = {
    "specversion": {"const": SPECVERSION_V1_0},
    "id": NAME,
    "source": NAME,
    "type": NAME,
    "time": TIME,
    "subject": {"type": "string", "minLength": 1},
    "datacontenttype": {"type": "string", "minLength": 1},
    "dataschema": {"type": "string", "minLength": 1},
    "data": ANYTHING,
    "data_base64": {"type": "string", "contentEncoding": "base64"},
}
ATTRIBUTES: Schema = {"type": ["string", "number", "boolean"]}
CLOUDEVENT: Schema = {
    "type": "object",
    "description": f"A CloudEvent 1.0 in JSON, with extensions of any name of CloudEvents. {PAYLOAD}",
    "required": ["specversion", "id", "source", "type"],
    "properties": CLOUDEVENT_FIELDS,
    "additionalProperties": ATTRIBUTES,
}
RECORDED_CLOUDEVENT: Schema = {
    "type": "object",
    "description": "An event of the log as a CloudEvent: everything that it said, and its place.",
    "required": ["specversion", "id", "source", "type", "time", "marcusposition", "marcusrecordedat"],
    "properties": CLOUDEVENT_FIELDS
    | {
        "marcusposition": {"type": "integer", "description": "The place in the log."},
        "marcusrecordedat": {"type": "string", "description": "When it was taken in."},
        "marcusmetadata": {"type": "string", "description": "What else the metadata holds, as a text of JSON."},
    },
    "additionalProperties": ATTRIBUTES,
}
PROBLEM: Schema = {
    "type": "object",
    "description": "What is wrong, and what to do about it (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "limit": TEXT | {"description": "The name of the limit that the request is beyond."},
        "parameter": TEXT | {"description": "The parameter that makes no sense."},
    },
}
DEPENDS_ON: Schema = record(
    "A task that it depends on, and that task's board. Both are null where the caller does not see that board.",
    task_id=NULLABLE_TEXT,
    board_id=NULLABLE_TEXT,
)
TICKET: Schema = {
    "external_id": NULLABLE_TEXT | {"description": "Its id in another system."},
    "external_url": NULLABLE_TEXT | {"description": "Its address there, where the board names a pattern."},
    "sync_status": NULLABLE_TEXT,
}
NULLABLE_TIME: Schema = TIME | {"type": ["string", "null"]}
CONNECTION: Schema = record(
    "Whether Marcus is connected to the board, since when, and the last error. Null is what is not known.",
    status={"enum": ["connected", "lost", None]},
    since=NULLABLE_TIME,
    error=NULLABLE_TEXT,
    error_at=NULLABLE_TIME,
)
FALLBACK: Schema = record(
    "Since when Marcus has worked without the board, and why; null where it does not.",
    since=NULLABLE_TIME,
    reason=NULLABLE_TEXT,
)
SCHEMAS: Schema = {
    "EventToPublish": EVENT_TO_PUBLISH,
    "Event": EVENT,
    "CloudEvent": CLOUDEVENT,
    "RecordedCloudEvent": RECORDED_CLOUDEVENT,
    "Result": RESULT,
    "Taken": record("What became of each event, in the order sent.", **TAKEN),
    "Refusal": PROBLEM
    | {
        "description": "A problem; where events were looked at, with what became of each.",
        "properties": PROBLEM["properties"] | TAKEN,
    },
    "Problem": PROBLEM,
    "Page": record(
        "A page of the log.",
        events=rows("Event"),
        next={"type": ["integer", "null"], "description": "Where to go on; null on the last page."},
        head=COUNT | {"description": "The newest position of the log."},
    ),
    "Next": record(
        "The next event, or null where none came in time.",
        event={"oneOf": [ref("Event"), {"type": "null"}]},
        head=COUNT | {"description": "Up to here was looked: asking again after it misses nothing."},
    ),
    "Boards": answer("boards", "Board"),
    "Board": record(
        "A board, with how many of its tasks are in which status.",
        board_id=TEXT,
        name=TEXT,
        demo={"type": "boolean"},
        created_at=TIME,
        board_type=NULLABLE_TEXT,
        **TICKET,
        connection=CONNECTION,
        fallback=FALLBACK,
        tasks={
            "type": "object",
            "required": ["total"],
            "properties": dict.fromkeys(("total", *TASK_STATUSES), COUNT),
        },
    ),
    "Tasks": answer("tasks", "Task"),
    "Task": record(
        "A task. It has been in `status` since `since`; `waiting_behind` tasks cannot go on before it is done.",
        task_id=TEXT,
        name=TEXT,
        description=TEXT,
        board_id=TEXT,
        status=one_of(tuple(TASK_STATUSES)),
        since=TIME,
        agent_id=NULLABLE_TEXT,
        progress={"type": "number", "minimum": 0, "maximum": 100, "description": "In percent."},
        priority=NULLABLE_TEXT,
        labels={"type": "array", "items": TEXT},
        parent_task_id=NULLABLE_TEXT,
        depends_on={"type": "array", "items": DEPENDS_ON},
        waiting_behind=COUNT,
        created_at=TIME,
        **TICKET,
    ),
    "Blockers": answer("blockers", "Blocker"),
    "Blocker": record(
        "What holds up a task. `blocker_id` is the position of the event that reported it.",
        blocker_id=POSITION,
        event_id=TEXT,
        task_id=TEXT,
        board_id=TEXT,
        agent_id=NULLABLE_TEXT,
        description=TEXT,
        severity=one_of(SEVERITIES),
        reported_severity=one_of(SEVERITIES),
        blocker_type=NULLABLE_TEXT,
        suggestion={"type": ["object", "null"], "additionalProperties": True},
        opened_at=TIME,
        resolved_at=TIME | {"type": ["string", "null"]},
        resolution=NULLABLE_TEXT,
    ),
    "Agents": answer("agents", "Agent"),
    "Agent": record(
        "An agent. `status` is `idle`, `waiting`, `working`, `blocked`, or what the agent said of itself.",
        agent_id=TEXT,
        name=TEXT,
        role=NULLABLE_TEXT,
        skills={"type": "array", "items": TEXT},
        board_id=TEXT,
        status=TEXT,
        since=TIME,
        task_id=NULLABLE_TEXT,
    ),
    "Counters": record(
        "How many events there are.",
        total=COUNT,
        by_type={"type": "object", "additionalProperties": COUNT},
        by_category={"type": "object", "properties": dict.fromkeys(CATEGORIES, COUNT)},
        series={"type": "array", "items": record("Events of a minute.", minute=TIME, count=COUNT)},
    ),
    "Health": record("Alive.", status=TEXT),
    "Readiness": record(
        "Each part with its state. `lag` is how many events a table of the present is behind the log.",
        status=one_of(("ready", "not ready")),
        parts={"type": "object", "additionalProperties": ref("Part")},
    ),
    "Part": {
        "type": "object",
        "description": "The log, or a table that follows it.",
        "required": ["ready"],
        "properties": {"ready": {"type": "boolean"}, "head": COUNT, "lag": {"type": "integer"}, "reason": TEXT},
    },
}
