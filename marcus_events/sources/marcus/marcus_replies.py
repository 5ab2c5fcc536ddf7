"""Marcus's replies to agents' requests, from its conversations.

Marcus records a request before processing it. Only its reply tells whether it accepted the request:

1. A sentence to the agent. It names no task, but repeats what it acknowledges ("in_progress at 25%").
2. The record of the whole MCP call, which repeats every argument. Marcus always records a failed call, and a successful
   one only if it logs everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.records import Record
from marcus_events.sources.marcus.sightings import key_text

Fields = dict[str, str]
RECEIVED = re.compile(r"Progress update received: (?P<status>\S*) at (?P<progress>.+)%", re.DOTALL)
CALL = re.compile(r"MCP tool '(?P<tool>\w+)' (?P<outcome>succeeded|returned failure)")
NO_WORK_FIELD = "retry_after_seconds"  # marks a response that accepts a request for work but has none to assign
NO_REASON = "Unknown error"  # Marcus's text where its response has no field "error"


@dataclass(frozen=True)
class MarcusReply:
    """`fields` are the request's fields that the reply repeats; `is_complete` says that it repeats all of them."""

    at: datetime
    agent_id: str
    request: str
    is_accepted: bool
    fields: Fields = field(default_factory=dict)
    reason: str = ""
    is_complete: bool = False


def reply_of(record: Record) -> MarcusReply | None:
    """Return the reply in a record; None if it replies to nothing."""
    body = record.body
    if body.get("event") == "worker_communication":
        return reply_in_sentence(record)
    if body.get("event") == "pm_thinking":
        return reply_in_call(record, body.get("thought"), body.get("context"))
    return reply_in_call(record, body.get("event"), body)


def reply_in_sentence(record: Record) -> MarcusReply | None:
    message, agent_id = record.body.get("message"), record.body.get("worker_id")
    if record.body.get("conversation_type") != "pm_to_worker" or not isinstance(message, str):
        return None
    for opening, (request, is_accepted, fields_in) in SENTENCES.items():
        if message.startswith(opening) and isinstance(agent_id, str):
            reason = "" if is_accepted else message.removeprefix(opening).lstrip(" -:")
            return MarcusReply(record.at, agent_id, request, is_accepted, fields_in(message), reason)
    return None


def reply_in_call(record: Record, said: object, call: object) -> MarcusReply | None:
    match = CALL.fullmatch(said) if isinstance(said, str) else None
    if match is None or match["tool"] not in CALLS or not isinstance(call, dict):
        return None
    request, names = CALLS[match["tool"]]
    arguments, response = as_object(call.get("arguments")), as_object(call.get("response"))
    if not isinstance(agent_id := arguments.get("agent_id"), str):
        return None
    is_accepted = match["outcome"] == "succeeded" or (request == T.TASK_REQUESTED and NO_WORK_FIELD in response)
    fields = {ours: key_text(arguments[theirs]) for theirs, ours in names.items() if theirs in arguments}
    reason = "" if is_accepted else reason_in(response, call)
    return MarcusReply(record.at, agent_id, request, is_accepted, fields, reason, is_complete=True)


def reason_in(response: dict[str, Any], call: dict[str, Any]) -> str:
    """Return Marcus's message for people, else its error."""
    given = (response.get("message"), response.get("error"), call.get("error"))
    return next((text.strip() for text in given if isinstance(text, str) and text.strip() not in ("", NO_REASON)), "")


def as_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def no_fields(message: str) -> Fields:
    return {}


def acknowledged_fields(message: str) -> Fields:
    match = RECEIVED.fullmatch(message)
    return {name: key_text(value) for name, value in match.groupdict().items()} if match else {}


# Opening of a sentence → the request it replies to, whether it accepts, and the fields it repeats.
SENTENCES: dict[str, tuple[str, bool, Callable[[str], Fields]]] = {
    "Progress update received: ": (T.TASK_PROGRESS, True, acknowledged_fields),
    "No suitable tasks available": (T.TASK_REQUESTED, True, no_fields),
    "Task request denied": (T.TASK_REQUESTED, False, no_fields),
    "Failed to assign task": (T.TASK_REQUESTED, False, no_fields),
    "Registration successful.": (T.AGENT_REGISTERED, True, no_fields),
    "Registration failed": (T.AGENT_REGISTERED, False, no_fields),
}
# MCP tool → its request, and the arguments that identify it, by our field names.
CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "report_task_progress": (
        T.TASK_PROGRESS,
        {"task_id": "task_id", "status": "status", "progress": "progress"},
    ),
    "report_blocker": (T.TASK_BLOCKED, {"task_id": "task_id", "blocker_description": "description"}),
    "request_next_task": (T.TASK_REQUESTED, {}),
    "register_agent": (T.AGENT_REGISTERED, {}),
}
