"""Interprets a record as a sighting of an act, in our vocabulary.

Sightings of one act in different files agree in `act` (canonical type) and `key` (task, agent …). They differ in
`channel`, the kind of file and the type used there: one act leaves at most one record in a channel.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.event_types import canonical
from marcus_events.core.text_identity import normalised, normalised_value
from marcus_events.sources.marcus.records import Record, RecordKind, Unreadable

WINDOW = timedelta(seconds=60)  # Marcus writes one act's records up to 4 s apart, longer while a model responds
ANSWER_WITHIN = timedelta(minutes=10)  # Marcus may call a model or run tests before it replies
SHORT_WINDOW = timedelta(seconds=5)  # for types that Marcus is not known to write to this kind of file

# The fields that identify an act of a type.
KEYS: dict[str, tuple[str, ...]] = {
    T.SYSTEM_STARTUP: (),
    T.TASK_REQUESTED: ("agent_id",),
    T.AGENT_REGISTERED: ("agent_id",),
    T.TASK_ASSIGNED: ("task_id", "agent_id"),
    T.TASK_STARTED: ("task_id", "agent_id"),
    T.TASK_COMPLETED: ("task_id", "agent_id"),
    T.TASK_PROGRESS: ("task_id", "agent_id", "status", "progress"),
    T.TASK_BLOCKED: ("task_id", "description"),
    T.DECISION_LOGGED: ("decision_id",),
    T.PROJECT_CREATED: ("project_id",),
    T.TASK_CREATED: ("task_id",),
    T.DEPENDENCY_DETECTED: ("task_id", "depends_on_id"),
}
KEY_FIELDS = {act: frozenset(fields) for act, fields in KEYS.items()}
# Types of which Marcus writes several records per act, so that they may be WINDOW apart.
WRITTEN_TOGETHER = {
    (RecordKind.DATABASE, "server_startup"),
    (RecordKind.DATABASE, "task_request"),
    (RecordKind.DATABASE, "worker_registration"),
    (RecordKind.DATABASE, "task_assigned"),
    (RecordKind.DATABASE, "task_assignment"),
    (RecordKind.DATABASE, "decision_logged"),
    (RecordKind.DATABASE, "project_created"),
    (RecordKind.REALTIME, "server_startup"),
    (RecordKind.REALTIME, "task_request"),
    (RecordKind.REALTIME, "worker_registration"),
    (RecordKind.REALTIME, "task_assignment"),
    (RecordKind.AGENT_EVENTS, "task_request"),
    (RecordKind.AGENT_EVENTS, "worker_registration"),
    (RecordKind.AGENT_EVENTS, "task_assignment"),
    (RecordKind.AGENT_EVENTS, "progress_update"),
}
# Acts that happen once per key: a second record is a repetition, even in the same channel.
UNIQUE = {(RecordKind.DATABASE, T.DECISION_LOGGED), (RecordKind.DATABASE, T.PROJECT_CREATED)}
BY_AGENTS = {
    T.TASK_REQUESTED,
    T.TASK_STARTED,
    T.TASK_PROGRESS,
    T.TASK_COMPLETED,
    T.TASK_BLOCKED,
    T.AGENT_REGISTERED,
    T.DECISION_LOGGED,
    T.CONTEXT_REQUESTED,
}
TASK_NAMES = {"id": "task_id", "name": "task_name"}
NOT_AGENTS = {"marcus", "context", "mcp_client", "unknown", "auto_complete"}
AUTO_COMPLETE = "auto_complete"
ENVELOPES = {kind: {"source", "target"} for kind in RecordKind}
ENVELOPES[RecordKind.REALTIME] |= {"timestamp", "type"}
ALL_FIELDS = json.JSONEncoder(sort_keys=True, default=str)


class Sighting(NamedTuple):
    """`reach` is the largest distance in time to another record of the act; `unique` says that the key names one
    act.
    """

    record_id: str
    kind: RecordKind
    at: datetime
    act: str
    key: tuple[str, ...]
    channel: str
    reach: timedelta
    original_type: str
    original_source: str
    data: dict[str, Any]
    where: str
    unique: bool = False


class Statement(NamedTuple):
    """A record's original type and source, and its fields under our names."""

    original_type: str
    source: str
    data: dict[str, Any]
    is_written_together: bool = False


def sighting_from(record: Record, statement: Statement, record_id: str) -> Sighting:
    act = canonical(statement.original_type)
    if act == T.TASK_ASSIGNED and is_auto_completion(record, statement):
        act = T.TASK_COMPLETED
    data = add_agent_id(act, statement)
    together = statement.is_written_together or (record.kind, statement.original_type) in WRITTEN_TOGETHER
    return Sighting(
        record_id=record_id,
        kind=record.kind,
        at=record.at,
        act=act,
        key=key_of(act, data),
        channel=channel_of(record.kind, statement.original_type),
        reach=reach_of(act) if together else SHORT_WINDOW,
        original_type=statement.original_type,
        original_source=statement.source,
        data=data,
        where=record.where,
        unique=(record.kind, act) in UNIQUE,
    )


def channel_of(kind: RecordKind, original_type: str) -> str:
    return f"{int(kind)} {original_type}"


def reach_of(act: str) -> timedelta:
    """Return how far apart Marcus may write two records of one act. It writes a blocker to the board only after
    analysing it.
    """
    return ANSWER_WITHIN if act == T.TASK_BLOCKED else WINDOW


def is_auto_completion(record: Record, statement: Statement) -> bool:
    """Return whether this assignment is the completion of a parent through its subtasks, as Marcus logs it."""
    data = record.body.get("data")
    return AUTO_COMPLETE in (statement.source, data.get("source") if isinstance(data, dict) else None)


def add_agent_id(act: str, statement: Statement) -> dict[str, Any]:
    """Add the agent's id, from the source if necessary, to what an agent did."""
    source, data = statement.source, statement.data
    if act in BY_AGENTS and "agent_id" not in data and source and source not in NOT_AGENTS:
        return data | {"agent_id": source}
    return data


def key_of(act: str, data: dict[str, Any]) -> tuple[str, ...]:
    """Return the values of the identifying fields; for an unknown type, a hash of all fields."""
    if act in KEYS and data.keys() >= KEY_FIELDS[act]:
        return tuple([key_text(data[field]) for field in KEYS[act]])
    text = ALL_FIELDS.encode(normalised_value(data))
    return (hashlib.sha256(text.encode()).hexdigest(),)


def key_text(value: object) -> str:
    """Format a value for a key: 25 equals 25.0, and surrounding white space does not count."""
    return f"{value:g}" if isinstance(value, float) else normalised(str(value))


def statement_of(record: Record) -> Statement | Unreadable | None:
    """Return the statement of a record in marcus.db, a realtime file or an agent events file.

    None for a repetition: Marcus stores a task that ended blocked as completed without success.
    """
    body = record.body
    name = body.get("type") if record.kind is RecordKind.REALTIME else body.get("event_type")
    if not isinstance(name, str) or not name.strip():
        return Unreadable(record.where, "has no type")
    stated = body if record.kind is RecordKind.REALTIME else body.get("data", {})
    if not isinstance(stated, dict):
        return Unreadable(record.where, "has data that is not a JSON object")
    if record.kind is RecordKind.DATABASE and name == T.TASK_COMPLETED and stated.get("success") is False:
        return None
    source = body.get("source")
    return Statement(name, source if isinstance(source, str) else "", rename_fields(stated, record.kind))


def rename_fields(stated: dict[str, Any], kind: RecordKind) -> dict[str, Any]:
    """Rename Marcus's fields to the documented names; drop envelope fields and the value "unknown"."""
    envelope = ENVELOPES[kind]
    data = {name: value for name, value in stated.items() if name not in envelope and value != "unknown"}
    if "worker_id" in data:
        data.setdefault("agent_id", data["worker_id"])
        del data["worker_id"]
    task = data.pop("task", None)
    if isinstance(task, dict):
        return {TASK_NAMES.get(str(name), str(name)): value for name, value in task.items()} | data
    return data if task is None else data | {"task": task}
