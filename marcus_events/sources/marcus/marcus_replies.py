"""What Marcus answered to a request of an agent, as its conversations have it.

Marcus writes down what an agent asks for or reports before it looks at it. Only its answer tells whether that counts:

1. The sentence that it says to the agent: it names no task, but what it acknowledges ("in_progress at 25%").
2. The record of the whole call, where an agent calls Marcus over MCP: it repeats every argument of the request. Marcus
   writes the record of a failure always, that of a success only where it logs everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.records import Record
from marcus_events.sources.marcus.sightings import plain

Fields = dict[str, str]
RECEIVED = re.compile(r"Progress update received: (?P<status>\S*) at (?P<progress>.+)%", re.DOTALL)
CALL = re.compile(r"MCP tool '(?P<tool>\w+)' (?P<outcome>succeeded|returned failure)")
NOTHING_TO_DO = "retry_after_seconds"  # in Marcus's answer to a request for work that it took, but has nothing for
NO_REASON = "Unknown error"  # Marcus's own words where its answer has no field "error"


@dataclass(frozen=True)
class MarcusReply:
    """`fields` are those of the request that the answer repeats; `is_whole` says that it repeats all of them."""

    at: datetime
    agent_id: str
    request: str
    is_accepted: bool
    fields: Fields = field(default_factory=dict)
    reason: str = ""
    is_whole: bool = False


def answer_of(record: Record) -> MarcusReply | None:
    """None for a record that answers nothing."""
    body = record.body
    if body.get("event") == "worker_communication":
        return answer_in_sentence(record)
    if body.get("event") == "pm_thinking":
        return answer_in_call(record, body.get("thought"), body.get("context"))
    return answer_in_call(record, body.get("event"), body)


def answer_in_sentence(record: Record) -> MarcusReply | None:
    message, agent_id = record.body.get("message"), record.body.get("worker_id")
    if record.body.get("conversation_type") != "pm_to_worker" or not isinstance(message, str):
        return None
    for opening, (request, is_accepted, fields_in) in SENTENCES.items():
        if message.startswith(opening) and isinstance(agent_id, str):
            reason = "" if is_accepted else message.removeprefix(opening).lstrip(" -:")
            return MarcusReply(record.at, agent_id, request, is_accepted, fields_in(message), reason)
    return None


def answer_in_call(record: Record, said: object, call: object) -> MarcusReply | None:
    told = CALL.fullmatch(said) if isinstance(said, str) else None
    if told is None or told["tool"] not in CALLS or not isinstance(call, dict):
        return None
    request, names = CALLS[told["tool"]]
    arguments, response = as_object(call.get("arguments")), as_object(call.get("response"))
    if not isinstance(agent_id := arguments.get("agent_id"), str):
        return None
    is_accepted = told["outcome"] == "succeeded" or (request == T.TASK_REQUESTED and NOTHING_TO_DO in response)
    fields = {ours: plain(arguments[theirs]) for theirs, ours in names.items() if theirs in arguments}
    reason = "" if is_accepted else reason_in(response, call)
    return MarcusReply(record.at, agent_id, request, is_accepted, fields, reason, is_whole=True)


def reason_in(response: dict[str, Any], call: dict[str, Any]) -> str:
    """Marcus's words for a person, else those for a program."""
    given = (response.get("message"), response.get("error"), call.get("error"))
    return next((text.strip() for text in given if isinstance(text, str) and text.strip() not in ("", NO_REASON)), "")


def as_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def nothing(message: str) -> Fields:
    return {}


def received(message: str) -> Fields:
    told = RECEIVED.fullmatch(message)
    return {name: plain(value) for name, value in told.groupdict().items()} if told else {}


# What a sentence begins with; which request it answers, and whether that was accepted.
SENTENCES: dict[str, tuple[str, bool, Callable[[str], Fields]]] = {
    "Progress update received: ": (T.TASK_PROGRESS, True, received),
    "No suitable tasks available": (T.TASK_REQUESTED, True, nothing),
    "Task request denied": (T.TASK_REQUESTED, False, nothing),
    "Failed to assign task": (T.TASK_REQUESTED, False, nothing),
    "Registration successful.": (T.AGENT_REGISTERED, True, nothing),
    "Registration failed": (T.AGENT_REGISTERED, False, nothing),
}
# Which request a tool of Marcus makes; the arguments that tell it from others, by our names.
CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "report_task_progress": (
        T.TASK_PROGRESS,
        {"task_id": "task_id", "status": "status", "progress": "progress"},
    ),
    "report_blocker": (T.TASK_BLOCKED, {"task_id": "task_id", "blocker_description": "description"}),
    "request_next_task": (T.TASK_REQUESTED, {}),
    "register_agent": (T.AGENT_REGISTERED, {}),
}
