"""scripted_marcus [PORT]: an MCP server with the tools and replies of a Marcus and a few tasks in memory.

Over HTTP with a port, else over standard input and output. The tool `calls` returns what agents have called, since the
proxy under test must not change it.
"""

# mypy: ignore-errors
from __future__ import annotations

import logging
import sys
from typing import Any

from mcp.server.mcpserver import MCPServer

SUGGESTIONS = {"root_cause": "Analysis needed", "resolution_steps": ["Research potential solutions"]}
TASKS = [f"task-{number}" for number in range(1, 9)]
marcus = MCPServer("marcus-agent", instructions="Marcus, in Agent Mode")
calls: list[dict[str, Any]] = []
held: dict[str, str] = {}
free = list(TASKS)


def note(tool: str, **arguments: Any) -> None:
    calls.append({"tool": tool} | arguments)


@marcus.tool()
def ping(echo: str = "") -> dict[str, Any]:
    return {"success": True, "status": "online", "echo": echo}


@marcus.tool()
def register_agent(agent_id: str, name: str, role: str, skills: list[str] | None = None) -> dict[str, Any]:
    note("register_agent", agent_id=agent_id)
    return {"success": True, "message": f"Agent {name} registered successfully", "agent_id": agent_id}


@marcus.tool()
def request_next_task(agent_id: str) -> dict[str, Any]:
    note("request_next_task", agent_id=agent_id)
    if task_id := held.get(agent_id):
        error = "You already have a task assigned."
        return {"success": False, "error": error, "current_task": {"id": task_id, "name": task_id}}
    if not free:
        return {"success": False, "message": "NO TASKS CURRENTLY AVAILABLE", "retry_after_seconds": 30}
    task_id = held[agent_id] = free.pop(0)
    task = {
        "id": task_id,
        "name": f"Do {task_id}",
        "instructions": "Do it well.",
        "priority": "high",
        "project_id": None,
    }
    return {"success": True, "task": task}


@marcus.tool()
def report_task_progress(
    agent_id: str, task_id: str, status: str, progress: int = 0, message: str = ""
) -> dict[str, Any]:
    note("report_task_progress", agent_id=agent_id, task_id=task_id, status=status, progress=progress, message=message)
    if status == "completed":
        held.pop(agent_id, None)
    elif task_id in TASKS:
        held[agent_id] = task_id
    return {"success": True, "message": "Progress updated successfully"}


@marcus.tool()
def report_blocker(agent_id: str, task_id: str, blocker_description: str, severity: str = "medium") -> dict[str, Any]:
    note("report_blocker", agent_id=agent_id, task_id=task_id, blocker_description=blocker_description)
    if task_id not in TASKS:
        return {"success": False, "error": f"Task {task_id} not found"}
    held.pop(agent_id, None)
    return {"success": True, "suggestions": SUGGESTIONS, "message": "Blocker reported and suggestions provided"}


@marcus.tool()
def log_decision(agent_id: str, task_id: str, decision: str) -> dict[str, Any]:
    return {"success": True, "decision_id": "dec_1_1.5", "message": "Decision logged"}


@marcus.tool(name="calls")
def list_calls() -> dict[str, Any]:
    return {"calls": calls}


@marcus.prompt()
def introduce(name: str) -> str:
    return f"I am {name}."


@marcus.resource("marcus://tasks")
def tasks() -> str:
    return "\n".join(TASKS)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    if len(sys.argv) > 1:
        marcus.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        marcus.run("stdio")
