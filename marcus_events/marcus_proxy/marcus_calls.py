"""The calls of Marcus's tools, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marcus_events.marcus_proxy.json_rpc import ToolRequest
from marcus_events.sources.marcus.marcus_replies import NO_WORK_FIELD, reason_in

REGISTER, NEXT_TASK = "register_agent", "request_next_task"
PROGRESS, BLOCKER, DECISION = "report_task_progress", "report_blocker", "log_decision"


@dataclass(frozen=True)
class MarcusCall:
    """A call that Marcus has answered. `response` is the object that its tool returned."""

    request: ToolRequest
    response: dict[str, Any]
    started_at: datetime
    ended_at: datetime

    @property
    def tool(self) -> str:
        return self.request.tool

    @property
    def agent_id(self) -> str:
        return self.request.argument("agent_id")

    @property
    def task_id(self) -> str:
        return self.request.argument("task_id")

    @property
    def is_accepted(self) -> bool:
        is_without_work = self.tool == NEXT_TASK and NO_WORK_FIELD in self.response
        return self.response.get("success") is True or is_without_work

    @property
    def refusal_reason(self) -> str:
        return reason_in(self.response, {})

    @property
    def assigned_task(self) -> dict[str, Any] | None:
        """The task that Marcus gave to the agent with this call."""
        task = self.response.get("task") if self.tool == NEXT_TASK else None
        return task if isinstance(task, dict) and isinstance(task.get("id"), str) and task["id"] else None
