"""Lines as Marcus writes them: agents' reports, its replies, and related records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from marcus_events.core.event import utc_now

NOTHING = dict.fromkeys(("project_id", "project_name", "board_id", "board_name"))
START = datetime.fromisoformat("2026-11-23T21:00:00+00:00")  # after all of the bundled run
Line = dict[str, Any]


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def said(agent_id: str, direction: str, message: str, when: str, **metadata: Any) -> Line:
    return {
        "worker_id": agent_id,
        "conversation_type": direction,
        "message": message,
        "metadata": NOTHING | metadata,
        "timestamp": when,
        "event": "worker_communication",
        "logger": "worker",
        "level": "info",
    }


def progress(
    agent_id: str, task_id: str, when: str, percent: int = 50, status: str = "in_progress", **more: Any
) -> Line:
    told = {"task_id": task_id, "status": status, "progress": percent}
    return said(agent_id, "worker_to_pm", f"Progress update: Working ({percent}%)", when, **told, **more)


def received(agent_id: str, when: str, percent: int = 50, status: str = "in_progress") -> Line:
    message = f"Progress update received: {status} at {percent}%"
    return said(agent_id, "pm_to_worker", message, when, acknowledged=True)


def completion(agent_id: str, task_id: str, when: str, **more: Any) -> Line:
    return progress(agent_id, task_id, when, 100, "completed", **more)


def closed(agent_id: str, when: str) -> Line:
    return received(agent_id, when, 100, "completed")


def blocker(agent_id: str, task_id: str, when: str, description: str, severity: str = "high", **more: Any) -> Line:
    told = {"task_id": task_id, "severity": severity}
    return said(agent_id, "worker_to_pm", f"Reporting blocker: {description}", when, **told, **more)


def acknowledged(agent_id: str, when: str, severity: str = "high", **suggestions: Any) -> Line:
    told = {"suggestions": suggestions or {"root_cause": "Analysis needed"}, "severity": severity}
    return said(agent_id, "pm_to_worker", "Blocker acknowledged. Suggestions provided.", when, **told)


def request(agent_id: str, when: str, **more: Any) -> Line:
    return said(agent_id, "worker_to_pm", "Requesting next task", when, **more)


def none_suitable(agent_id: str, when: str) -> Line:
    told = {"reason": "no_matching_tasks", "retry_after_seconds": 30}
    return said(agent_id, "pm_to_worker", "No suitable tasks available at this time", when, **told)


def denied(agent_id: str, when: str) -> Line:
    told = {"current_tasks": ["t"], "reason": "one_task_per_agent_rule"}
    return said(agent_id, "pm_to_worker", "Task request denied - complete current task first", when, **told)


def registration(agent_id: str, when: str, **more: Any) -> Line:
    told = {"name": agent_id.title(), "role": "Developer", "skills": ["python"]}
    return said(agent_id, "worker_to_pm", "Registering as Developer with skills: ['python']", when, **told, **more)


def welcome(agent_id: str, when: str) -> Line:
    return said(agent_id, "pm_to_worker", f"Registration successful. Welcome {agent_id}!", when, status="registered")


def failed(tool: str, when: str, because: str, **arguments: Any) -> Line:
    """Return the record of a call that Marcus refused."""
    return {
        "tool_name": tool,
        "arguments": arguments,
        "error": "Unknown error",
        "retry_reason": "",
        "response": {"success": False, "status": "refused", "message": because},
        "event": f"MCP tool '{tool}' returned failure",
        "logger": "marcus",
        "level": "warning",
        "timestamp": when,
    }


def succeeded(tool: str, when: str, **arguments: Any) -> Line:
    """Return the record of a call that Marcus accepted."""
    return {
        "conversation_type": "internal_thinking",
        "thought": f"MCP tool '{tool}' succeeded",
        "context": {"tool_name": tool, "arguments": arguments, "response": {"success": True}},
        "timestamp": when,
        "event": "pm_thinking",
        "logger": "marcus",
        "level": "debug",
    }


def agent_event(event_type: str, when: str, **data: Any) -> Line:
    return {"timestamp": when, "event_type": event_type, "data": data}


def now() -> str:
    return utc_now().isoformat()
