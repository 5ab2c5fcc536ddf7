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
POSITION: Schema = {"type": "integer", "minimum": 1, "description": "Position in the log."}
NULLABLE_POSITION: Schema = {"type": ["integer", "null"], "minimum": 1}
OBJECT: Schema = {"type": "object", "additionalProperties": True}
NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NAME_BYTES,
    "description": f"At most {MAX_NAME_BYTES} bytes.",
}
PAYLOAD = (
    f"`data` and `metadata` together can have at most {MAX_EVENT_BYTES // 1024} KiB as JSON, {MAX_KEYS:,} keys, "
    f"{MAX_DEPTH} levels, and numbers up to ±{MAX_NUMBER}."
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
    cursor = NULLABLE_TEXT | {"description": "The `cursor` for the next page; null on the last page."}
    return record(f"A page of {name}.", **{name: rows(row)}, next=cursor)


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
    "description": f"An event to publish. Undocumented fields are stored as `extra` in the metadata. {PAYLOAD}",
    "required": ["event_type", "source"],
    "properties": OWN_FIELDS
    | {
        "event_id": NAME
        | {"description": "Identifies the event among all events of its source; generated if missing."},
        "timestamp": TIME
        | {"description": f"When the event happened, {EARLIEST.year} to {LATEST.year}; defaults to now."},
    },
    "additionalProperties": True,
}
EVENT = record(
    "An event in the log.",
    **OWN_FIELDS,
    position=POSITION,
    recorded_at=TIME | {"description": "When the event was recorded, by the log's clock."},
    category=one_of(CATEGORIES),
)
EVENT["properties"]["clock_ahead_s"] = {
    "type": "number",
    "exclusiveMinimum": CLOCK_TOLERANCE.total_seconds(),
    "description": "How far the producer's clock was ahead of the log's, in seconds. Present only if it was ahead by "
    "more than five minutes. Such an event counts from `recorded_at`.",
}
WARNINGS: Schema = {
    "type": "array",
    "minItems": 1,
    "description": "Fields whose value is ignored because it has the wrong type; omitted if there are none.",
    "items": record(
        "A field and its expected value.",
        pointer={"type": "string", "description": "A JSON pointer (RFC 6901) into the body."},
        expected={"type": "string"},
    ),
}
RESULT: Schema = {
    "type": "object",
    "description": "The result for one event. `code` is the status the event would have on its own.",
    "required": ["event_id", "position", "status", "code"],
    "properties": {
        "event_id": TEXT,
        "position": NULLABLE_POSITION
        | {"description": "Position in the log; for a duplicate or a conflict, the position of the first event."},
        "status": one_of(get_args(Status)),
        "code": {"type": "integer", "enum": sorted({code.value for code in CODES.values()})},
        "error": NULLABLE_TEXT | {"description": "For a rejected event: where and why."},
        "pointer": NULLABLE_TEXT | {"description": "For a rejected event: a JSON pointer (RFC 6901) into the body."},
        "limit": NULLABLE_TEXT | {"description": "For a rejected event: the limit it exceeds, if any."},
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
    "description": f"A CloudEvent 1.0 in JSON, with any extension attributes. {PAYLOAD}",
    "required": ["specversion", "id", "source", "type"],
    "properties": CLOUDEVENT_FIELDS,
    "additionalProperties": ATTRIBUTES,
}
RECORDED_CLOUDEVENT: Schema = {
    "type": "object",
    "description": "An event in the log as a CloudEvent, with its position.",
    "required": ["specversion", "id", "source", "type", "time", "marcusposition", "marcusrecordedat"],
    "properties": CLOUDEVENT_FIELDS
    | {
        "marcusposition": {"type": "integer", "description": "Position in the log."},
        "marcusrecordedat": {"type": "string", "description": "When the event was recorded."},
        "marcusmetadata": {"type": "string", "description": "The rest of the metadata, as a JSON string."},
    },
    "additionalProperties": ATTRIBUTES,
}
PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong and how to fix it (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "limit": TEXT | {"description": "The name of the limit the request exceeds."},
        "parameter": TEXT | {"description": "The invalid parameter."},
    },
}
DEPENDS_ON: Schema = record(
    "A task it depends on, with its board. Both are null if the caller has no access to that board.",
    task_id=NULLABLE_TEXT,
    board_id=NULLABLE_TEXT,
)
TICKET: Schema = {
    "external_id": NULLABLE_TEXT | {"description": "Its id in an external system."},
    "external_url": NULLABLE_TEXT | {"description": "Its URL in that system, if the board defines a URL pattern."},
    "sync_status": NULLABLE_TEXT,
}
NULLABLE_TIME: Schema = TIME | {"type": ["string", "null"]}
CONNECTION: Schema = record(
    "Whether Marcus is connected to the board, since when, and the last error. Unknown values are null.",
    status={"enum": ["connected", "lost", None]},
    since=NULLABLE_TIME,
    error=NULLABLE_TEXT,
    error_at=NULLABLE_TIME,
)
FALLBACK: Schema = record(
    "Since when Marcus has been in fallback mode, and why; null if it is not.",
    since=NULLABLE_TIME,
    reason=NULLABLE_TEXT,
)
SCHEMAS: Schema = {
    "EventToPublish": EVENT_TO_PUBLISH,
    "Event": EVENT,
    "CloudEvent": CLOUDEVENT,
    "RecordedCloudEvent": RECORDED_CLOUDEVENT,
    "Result": RESULT,
    "Taken": record("The result for each event, in the order sent.", **TAKEN),
    "Refusal": PROBLEM
    | {
        "description": "A problem, with the result for each event if events were processed.",
        "properties": PROBLEM["properties"] | TAKEN,
    },
    "Problem": PROBLEM,
    "Page": record(
        "A page of the log.",
        events=rows("Event"),
        next={"type": ["integer", "null"], "description": "Where the next page starts; null on the last page."},
        head=COUNT | {"description": "The newest position of the log."},
    ),
    "Next": record(
        "The next event, or null if none arrived in time.",
        event={"oneOf": [ref("Event"), {"type": "null"}]},
        head=COUNT | {"description": "The last position searched. Continue after it to miss no events."},
    ),
    "Boards": answer("boards", "Board"),
    "Board": record(
        "A board with the number of its tasks by status.",
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
        "A task. It has been in `status` since `since`. `waiting_behind` is the number of tasks that wait for it.",
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
        "A problem that stops a task. `blocker_id` is the position of the event that reported it.",
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
        "An agent. `status` is `idle`, `waiting`, `working`, `blocked`, or a status reported by the agent.",
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
        "Numbers of events.",
        total=COUNT,
        by_type={"type": "object", "additionalProperties": COUNT},
        by_category={"type": "object", "properties": dict.fromkeys(CATEGORIES, COUNT)},
        series={"type": "array", "items": record("Events in one minute.", minute=TIME, count=COUNT)},
    ),
    "Health": record("The process is alive.", status=TEXT),
    "Readiness": record(
        "The state of each component. `lag` is the number of events a projection is behind the log.",
        status=one_of(("ready", "not ready")),
        parts={"type": "object", "additionalProperties": ref("Part")},
    ),
    "Part": {
        "type": "object",
        "description": "The log or a projection.",
        "required": ["ready"],
        "properties": {"ready": {"type": "boolean"}, "head": COUNT, "lag": {"type": "integer"}, "reason": TEXT},
    },
}
