"""What agents and Marcus said: a few sentences of the conversations file are acts, the rest is talk."""

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
    """None for talk: thoughts, decisions about procedure, confirmations, "no suitable task"."""
    body = record.body
    message, agent_id, metadata = body.get("message"), body.get("worker_id"), body.get("metadata")
    if body.get("event") != "worker_communication" or not (isinstance(message, str) and isinstance(agent_id, str)):
        return None
    said = {"agent_id": agent_id} | (metadata if isinstance(metadata, dict) else {})
    for (direction, opening), (event_type, read) in SENTENCES.items():
        if body.get("conversation_type") == direction and message.startswith(opening):
            data = read(said, message) | pick(said, "project_id", "project_name")
            return Statement(event_type, agent_id, data, told_together=True)
    return None


def requested(said: Conversation, message: str) -> Conversation:
    return {"agent_id": said["agent_id"]}


def registered(said: Conversation, message: str) -> Conversation:
    return pick(said, "agent_id", "name", "role", "skills")


def assigned(said: Conversation, message: str) -> Conversation:
    return pick(said, "agent_id", "task_id", "task_name", "priority", "estimated_hours")


def progressed(said: Conversation, message: str) -> Conversation:
    told = PROGRESS.fullmatch(message)
    return pick(said, "agent_id", "task_id", "status", "progress") | ({"message": told["message"]} if told else {})


def blocked(said: Conversation, message: str) -> Conversation:
    description = message.removeprefix("Reporting blocker: ")
    return pick(said, "agent_id", "task_id", "severity", "blocker_type") | {"description": description}


def answered(said: Conversation, message: str) -> Conversation:
    return pick(said, "agent_id", "task_id", "severity") | {"suggestion": said.get("suggestions")}


def pick(said: Conversation, *names: str) -> Conversation:
    return {name: said[name] for name in names if said.get(name) is not None}


SENTENCES: dict[tuple[str, str], tuple[str, Callable[[Conversation, str], Conversation]]] = {
    ("worker_to_pm", "Requesting next task"): ("task_request", requested),
    ("worker_to_pm", "Registering as "): ("worker_registration", registered),
    ("worker_to_pm", "Progress update: "): ("progress_update", progressed),
    ("worker_to_pm", "Reporting blocker: "): (T.TASK_BLOCKED, blocked),
    ("pm_to_worker", "Task assigned: "): ("task_assignment", assigned),
    ("pm_to_worker", "Blocker acknowledged."): (T.BLOCKER_SUGGESTION, answered),
}
