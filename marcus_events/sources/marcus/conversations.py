"""Extracts acts from the conversations of agents and Marcus.

A few message formats report acts; all other lines are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.sources.marcus.records import Record
from marcus_events.sources.marcus.sightings import Statement

Conversation = dict[str, Any]
PROGRESS = re.compile(r"Progress update: (?P<message>.*) \((?P<percent>\d+)%\)", re.DOTALL)


def statement_of(record: Record) -> Statement | None:
    """Return the statement in a conversation line; None for thoughts, procedure, confirmations and "no suitable
    task".
    """
    body = record.body
    message, agent_id, metadata = body.get("message"), body.get("worker_id"), body.get("metadata")
    if body.get("event") != "worker_communication" or not (isinstance(message, str) and isinstance(agent_id, str)):
        return None
    direction = body.get("conversation_type")
    for opening, event_type, read in SENTENCES.get(direction, ()) if isinstance(direction, str) else ():
        if message.startswith(opening):
            fields = {"agent_id": agent_id} | (metadata if isinstance(metadata, dict) else {})
            data = read(fields, message) | pick(fields, "project_id", "project_name")
            return Statement(event_type, agent_id, data, is_written_together=True)
    return None


def request_fields(fields: Conversation, message: str) -> Conversation:
    return {"agent_id": fields["agent_id"]}


def registration_fields(fields: Conversation, message: str) -> Conversation:
    return pick(fields, "agent_id", "name", "role", "skills")


def assignment_fields(fields: Conversation, message: str) -> Conversation:
    return pick(fields, "agent_id", "task_id", "task_name", "priority", "estimated_hours")


def progress_fields(fields: Conversation, message: str) -> Conversation:
    match = PROGRESS.fullmatch(message)
    return pick(fields, "agent_id", "task_id", "status", "progress") | ({"message": match["message"]} if match else {})


def blocker_fields(fields: Conversation, message: str) -> Conversation:
    description = message.removeprefix("Reporting blocker: ")
    return pick(fields, "agent_id", "task_id", "severity", "blocker_type") | {"description": description}


def suggestion_fields(fields: Conversation, message: str) -> Conversation:
    return pick(fields, "agent_id", "task_id", "severity") | {"suggestion": fields.get("suggestions")}


def pick(fields: Conversation, *names: str) -> Conversation:
    return {name: fields[name] for name in names if fields.get(name) is not None}


# By direction: how a sentence begins, the type of what it reports, and what reads its fields.
SENTENCES: dict[str, list[tuple[str, str, Callable[[Conversation, str], Conversation]]]] = {
    "worker_to_pm": [
        ("Requesting next task", "task_request", request_fields),
        ("Registering as ", "worker_registration", registration_fields),
        ("Progress update: ", "progress_update", progress_fields),
        ("Reporting blocker: ", T.TASK_BLOCKED, blocker_fields),
    ],
    "pm_to_worker": [
        ("Task assigned: ", "task_assignment", assignment_fields),
        ("Blocker acknowledged.", T.BLOCKER_SUGGESTION, suggestion_fields),
    ],
}
