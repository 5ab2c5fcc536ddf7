"""The MCP server: lists the tools and calls them with the rights of a token.

Every failure of a tool is a result that the agent can read and act on. A result also says which answers are waiting for
the agent, since nothing else would reach an agent that does not wait: clients do not pass notifications on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from marcus_events.access import authentication
from marcus_events.access.authentication import Caller
from marcus_events.api.endpoint import errors_as_problems
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.worker_threads import DATABASE_ERRORS, TOKEN_THREADS, run_in_thread
from marcus_events.mcp.tickets import waiting_answers
from marcus_events.mcp.tool_arguments import check_arguments
from marcus_events.mcp.tool_call import ToolCall, in_thread
from marcus_events.mcp.tool_shapes import WaitingAnswer
from marcus_events.mcp.tools import TOOLS, AgentTool

logger = logging.getLogger(__name__)

INSTRUCTIONS = """Tools to work with the people who follow your project.

When you cannot go on without a decision, call report_blocker with one question, then wait_for_answer with its ticket,
again and again until the status is answered. A person may take minutes or days. Keep the ticket; list_blockers with
mine=true finds it again. If a result has answers_waiting, call wait_for_answer with the ticket that it names."""
UNEXPECTED = "The tool failed unexpectedly. Call it again; if it fails again, tell a person."
AGAIN = "The log is temporarily unavailable. Call the tool again in a few seconds."
ANSWER_WAITING = (
    "Your question about task {task} has an answer. To receive it, call wait_for_answer with ticket {ticket}."
)


def build_server(caller: Caller) -> Server[Any]:
    """Build a server that acts with the caller's token. This takes microseconds: each request has its own."""
    return Server(
        "marcus-events",
        title="Marcus Events",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=partial(call_tool, caller),
        get_tool_input_schema=lambda name: TOOLS[name].input_schema if name in TOOLS else None,
    )


async def list_tools(context: object, params: object) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[tool.declaration for tool in TOOLS.values()])


async def call_tool(caller: Caller, context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
    if (tool := TOOLS.get(params.name)) is None:
        raise MCPError(types.INVALID_PARAMS, f"There is no such tool. The tools are {', '.join(TOOLS)}.")
    result, call = await outcome_of(tool, caller, params.arguments)
    notices = await notices_for(call, result.structured_content) if call else []
    for notice in notices:
        result.content.append(types.TextContent(type="text", text=ANSWER_WAITING.format(**notice)))
    if notices and result.structured_content is not None:
        result.structured_content["answers_waiting"] = notices
    return result


async def outcome_of(
    tool: AgentTool, caller: Caller, stated: Mapping[str, Any] | None
) -> tuple[types.CallToolResult, ToolCall | None]:
    """Run the tool. Returns its result, and the call if the token and the arguments are valid."""
    call = None
    try:
        with errors_as_problems("MCP", tool.name):
            token = await authentication.authenticate_async(caller, tool.scope, partial(run_in_thread, TOKEN_THREADS))
            call = ToolCall(token, check_arguments(stated, tool.input_schema))
            found = dict(await tool.run(call))
            return types.CallToolResult(content=[text_of(found)], structured_content=found), call
    except Problem as problem:
        rejected_requests.record_problem(problem, caller, "MCP", tool.name)
        is_away = problem.status == HTTPStatus.SERVICE_UNAVAILABLE and problem.retry_after_s and not problem.more
        return error_result(AGAIN if is_away else problem.detail), call
    except Exception:
        logger.exception("the tool %s failed", tool.name)
        return error_result(UNEXPECTED), call


async def notices_for(call: ToolCall, result: Mapping[str, Any] | None) -> list[WaitingAnswer]:
    """Return the answers that wait for the agent, without the one that this result brings."""
    found: list[WaitingAnswer] = []
    with suppress(*DATABASE_ERRORS):  # the next result has them
        found = await in_thread(waiting_answers, call.agent, call.visibility)
    own = (result or {}).get("ticket")
    return [notice for notice in found if notice["ticket"] != own]


def text_of(result: Mapping[str, Any]) -> types.TextContent:
    """Return the result as text, for clients that pass on nothing else."""
    return types.TextContent(type="text", text=json.dumps(result, ensure_ascii=False, indent=1))


def error_result(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
