"""The tools, each declared once: what agents are told of it, its arguments and result, and the scope that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mcp_types as types

from marcus_events.access.tokens import TokenScope
from marcus_events.core.json_schema import JsonSchema, object_schema
from marcus_events.mcp import answer_tools, publish_tools, read_tools, tool_shapes
from marcus_events.mcp.tool_arguments import arguments_schema
from marcus_events.mcp.tool_call import ToolCall


@dataclass(frozen=True)
class AgentTool:
    name: str
    title: str
    description: str
    scope: TokenScope
    takes: type
    gives: type
    run: Callable[[ToolCall], Awaitable[Mapping[str, Any]]]
    is_idempotent: bool = True

    @cached_property
    def input_schema(self) -> JsonSchema:
        return arguments_schema(self.takes)

    @cached_property
    def declaration(self) -> types.Tool:
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.input_schema,
            output_schema=object_schema(self.gives),
            annotations=types.ToolAnnotations(
                read_only_hint=self.scope == "read",
                destructive_hint=False,
                idempotent_hint=self.is_idempotent,
                open_world_hint=False,
            ),
        )


TOOLS = {
    tool.name: tool
    for tool in (
        AgentTool(
            "report_blocker",
            "Ask a person",
            "Report that you cannot go on with a task until a person answers a question. Ask one question, with at "
            "most four options and your recommendation. Returns at once with a ticket for wait_for_answer; or, before "
            "anybody is asked, with earlier answers to the same question, or with what to rephrase.",
            "publish",
            tool_shapes.ReportBlockerArguments,
            tool_shapes.BlockerReport,
            answer_tools.report_blocker,
        ),
        AgentTool(
            "wait_for_answer",
            "Wait for the answer",
            f"Wait up to {tool_shapes.MAX_WAIT_S} seconds for the answer to a blocker. If the status of the result is "
            "waiting, call it again: now, or after other work. It may be called any number of times, for days, and "
            "returns the same answer each time.",
            "read",
            tool_shapes.WaitForAnswerArguments,
            tool_shapes.AnswerResult,
            answer_tools.wait_for_answer,
        ),
        AgentTool(
            "report_progress",
            "Report progress",
            "Report the progress of a task, or that it is done.",
            "publish",
            tool_shapes.ReportProgressArguments,
            tool_shapes.EventReceipt,
            publish_tools.report_progress,
            is_idempotent=False,
        ),
        AgentTool(
            "publish_event",
            "Publish an event",
            "Publish anything else that happened, such as a decision with its reason. For questions use "
            "report_blocker, for progress report_progress.",
            "publish",
            tool_shapes.PublishEventArguments,
            tool_shapes.EventReceipt,
            publish_tools.publish_event,
            is_idempotent=False,
        ),
        AgentTool(
            "get_task",
            "Get a task",
            "Get a task with its status, what it depends on, and its blockers with their answers.",
            "read",
            tool_shapes.GetTaskArguments,
            tool_shapes.TaskResult,
            read_tools.get_task,
        ),
        AgentTool(
            "list_blockers",
            "List blockers",
            "List blockers, the newest first. With mine=true it finds the tickets of your own questions again.",
            "read",
            tool_shapes.ListBlockersArguments,
            tool_shapes.BlockerList,
            read_tools.list_blockers,
        ),
        AgentTool(
            "search_history",
            "Search the history",
            "Search everything that has happened on the boards that you can access, the newest first.",
            "read",
            tool_shapes.SearchHistoryArguments,
            tool_shapes.FoundEvents,
            read_tools.search_history,
        ),
    )
}
