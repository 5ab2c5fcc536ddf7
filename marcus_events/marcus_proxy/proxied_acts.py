"""Makes the events of a call: the request as Marcus accepted or refused it, and what Marcus did in return.

An act has the same type, fields and mark here as it has when a follower reads it from Marcus's files: see
`marcus_events.sources.marcus`. Calls of other tools have no event here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from marcus_events.core.event import Event
from marcus_events.core.event_types import EventTypes as T
from marcus_events.log.marcus_acts import ACT, PROXIED
from marcus_events.marcus_proxy.json_rpc import ToolRequest
from marcus_events.marcus_proxy.marcus_calls import BLOCKER, DECISION, NEXT_TASK, PROGRESS, REGISTER, MarcusCall
from marcus_events.sources.marcus.act_events import MARCUS, describe_request
from marcus_events.sources.marcus.acts import mark_of
from marcus_events.sources.marcus.sightings import key_of

Fields = dict[str, Any]
DEFAULT_SEVERITY = "medium"  # Marcus's own


def events_of(call: MarcusCall) -> list[Event]:
    """Return the events of a call, in order; none if it is not of one of the tools that report an act."""
    if call.tool not in REQUESTS or not call.agent_id:
        return []
    return list(accepted(call) if call.is_accepted else refused(call))


def accepted(call: MarcusCall) -> Iterator[Event]:
    event_type, fields_of = REQUESTS[call.tool]
    fields = fields_of(call.request)
    if call.tool == DECISION:
        fields |= pick(call.response, "decision_id")
    report = act_event(call, event_type, fields, call.started_at, call.agent_id)
    yield report
    if task := call.assigned_task:
        yield assignment(call, task)
    if call.tool == BLOCKER and call.response.get("suggestions") is not None:
        yield suggestion(call, report)


def refused(call: MarcusCall) -> Iterator[Event]:
    event_type, fields_of = REQUESTS[call.tool]
    refused_as = T.TASK_REQUEST_REFUSED if call.tool == NEXT_TASK else T.REPORT_REFUSED
    fields, reason = fields_of(call.request), call.refusal_reason
    about = {"report": describe_request(event_type, fields)} | ({"reason": reason} if reason else {})
    event = act_event(call, event_type, fields, call.started_at, MARCUS, refused_as=refused_as)
    event.data.update(about)
    yield event


def assignment(call: MarcusCall, task: Fields) -> Event:
    fields = {"agent_id": call.agent_id, "task_id": task["id"]} | pick(task, "priority", "estimated_hours")
    fields |= {"task_name": task["name"]} if isinstance(task.get("name"), str) else {}
    event = act_event(call, T.TASK_ASSIGNED, fields, call.ended_at, MARCUS)
    if isinstance(board := task.get("project_id"), str) and event.metadata is not None:
        event.metadata["board_id"] = board
    return event


def suggestion(call: MarcusCall, report: Event) -> Event:
    """Make the event of Marcus's suggestions. Their mark does not cover the blocker: Marcus's reply names none."""
    severity = call.request.argument("severity") or DEFAULT_SEVERITY
    fields = {"agent_id": call.agent_id, "severity": severity, "suggestion": call.response["suggestions"]}
    event = act_event(call, T.BLOCKER_SUGGESTION, fields, call.ended_at, MARCUS)
    event.data.update(task_id=call.task_id, blocker_event_id=report.event_id)
    return event


def act_event(
    call: MarcusCall, event_type: str, fields: Fields, at: datetime, source: str, *, refused_as: str = ""
) -> Event:
    times = [call.started_at.isoformat(), call.ended_at.isoformat()]
    metadata: Fields = {ACT: mark_of(event_type, key_of(event_type, fields), refused_as), PROXIED: times}
    return Event(f"marcus_proxy_{uuid.uuid4().hex}", at, refused_as or event_type, source, dict(fields), metadata)


def pick(values: Fields, *names: str) -> Fields:
    return {name: values[name] for name in names if values.get(name) is not None}


def registration(request: ToolRequest) -> Fields:
    return pick(request.arguments, "agent_id", "name", "role", "skills")


def work_request(request: ToolRequest) -> Fields:
    return pick(request.arguments, "agent_id")


def progress(request: ToolRequest) -> Fields:
    named = {"progress": 0, "message": ""} | request.arguments  # Marcus's defaults
    return pick(named, "agent_id", "task_id", "status", "progress", "message")


def blocker(request: ToolRequest) -> Fields:
    described = {"description": request.argument("blocker_description")}
    named = {"severity": DEFAULT_SEVERITY} | request.arguments | described
    return pick(named, "agent_id", "task_id", "severity", "description")


def decision(request: ToolRequest) -> Fields:
    return pick(request.arguments, "agent_id", "task_id") | {"what": request.argument("decision")}


REQUESTS: dict[str, tuple[str, Callable[[ToolRequest], Fields]]] = {
    REGISTER: (T.AGENT_REGISTERED, registration),
    NEXT_TASK: (T.TASK_REQUESTED, work_request),
    PROGRESS: (T.TASK_PROGRESS, progress),
    BLOCKER: (T.TASK_BLOCKED, blocker),
    DECISION: (T.DECISION_LOGGED, decision),
}
