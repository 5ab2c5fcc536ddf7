"""The shapes of what is sent and answered, as JSON Schema: made of the types that the code itself is held to."""

from __future__ import annotations

from typing import Any

from cloudevents.core.spec import SPECVERSION_V1_0

from marcus_events.api import resources
from marcus_events.core.json_schema import JsonSchema, object_schema, schema_of
from marcus_events.core.payload import MAX_DEPTH, MAX_EVENT_BYTES, MAX_KEYS, MAX_NUMBER
from marcus_events.http import event_shapes
from marcus_events.http.problem_response import ProblemDetails

PAYLOAD = (
    f"`data` and `metadata` together can have at most {MAX_EVENT_BYTES // 1024} KiB as JSON, {MAX_KEYS:,} keys, "
    f"{MAX_DEPTH} levels, and numbers up to ±{MAX_NUMBER}."
)
# A CloudEvent has the attributes of its standard and any others: no type of ours says so.
NAME, TIME = (schema_of(kind) for kind in (event_shapes.Name, event_shapes.Time))
CLOUDEVENT_FIELDS: JsonSchema = {
    "specversion": {"const": SPECVERSION_V1_0},
    "id": NAME,
    "source": NAME,
    "type": NAME,
    "time": TIME,
    "subject": {"type": "string", "minLength": 1},
    "datacontenttype": {"type": "string", "minLength": 1},
    "dataschema": {"type": "string", "minLength": 1},
    "data": {},
    "data_base64": {"type": "string", "contentEncoding": "base64"},
}
ATTRIBUTES: JsonSchema = {"type": ["string", "number", "boolean"]}
CLOUDEVENT: JsonSchema = {
    "type": "object",
    "description": f"A CloudEvent 1.0 in JSON, with any extension attributes. {PAYLOAD}",
    "required": ["specversion", "id", "source", "type"],
    "properties": CLOUDEVENT_FIELDS,
    "additionalProperties": ATTRIBUTES,
}
RECORDED_CLOUDEVENT: JsonSchema = {
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
SHAPES: dict[str, Any] = {
    "EventToPublish": event_shapes.EventToPublish,
    "Event": event_shapes.PublishedEvent,
    "CloudEvent": CLOUDEVENT,
    "RecordedCloudEvent": RECORDED_CLOUDEVENT,
    "Result": event_shapes.PublishResult,
    "Taken": event_shapes.PublishAnswer,
    "Refusal": ProblemDetails,
    "Problem": ProblemDetails,
    "Page": resources.LogPage,
    "Next": resources.NextEvent,
    "Boards": resources.BoardsPage,
    "Board": resources.BoardResource,
    "Tasks": resources.TasksPage,
    "Task": resources.TaskResource,
    "Blockers": resources.BlockersPage,
    "Blocker": resources.BlockerResource,
    "Agents": resources.AgentsPage,
    "Agent": resources.AgentResource,
    "Counters": resources.EventCounts,
    "Health": resources.Liveness,
    "Readiness": resources.Readiness,
    "Part": resources.PartState,
}
NAMES = {shape: name for name, shape in SHAPES.items() if isinstance(shape, type)}


def address(name: str) -> str:
    return f"#/components/schemas/{name}"


def ref(name: str) -> JsonSchema:
    return {"$ref": address(name)}


def reference(kind: Any) -> str | None:
    """Where a type is described, if it has a name there."""
    return address(NAMES[kind]) if kind in NAMES else None


SCHEMAS = {
    name: object_schema(shape, reference) if isinstance(shape, type) else shape for name, shape in SHAPES.items()
}
SCHEMAS["EventToPublish"] |= {
    "description": f"{SCHEMAS['EventToPublish']['description']} {PAYLOAD}",
    "additionalProperties": True,
}
SCHEMAS["Refusal"] |= {
    "description": "A problem, with the result for each event if events were processed.",
    "properties": SCHEMAS["Problem"]["properties"]
    | {"event_id": {"type": "string", "description": "Of a CloudEvent in binary mode whose data is not JSON: its id."}}
    | SCHEMAS["Taken"]["properties"],
}
