"""The messages of the Model Context Protocol, as far as the proxy looks into them.

A tool of Marcus answers with a JSON object. Its result has that object twice: as text, and, since protocol version
2025-06-18, as `structuredContent` under the name `result`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
TOOL_CALL, TOOL_LIST = "tools/call", "tools/list"
OWN = "marcus-events-"  # begins the ids of the proxy's own requests
COMPLETE = {"resultType": "complete"}  # required since protocol version 2026-07-28, and ignored before


@dataclass(frozen=True)
class ToolRequest:
    """A request that calls a tool."""

    request_id: Any
    tool: str
    arguments: dict[str, Any]
    meta: dict[str, Any] | None = None  # what newer clients state with each request

    def argument(self, name: str) -> str:
        """Return an argument that is a text, "" if it is missing or none."""
        value = self.arguments.get(name)
        return value if isinstance(value, str) else ""


def parse_message(body: bytes) -> Message | None:
    """Return a single message; None for anything else, which Marcus answers as it sees fit."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def tool_request(message: Message) -> ToolRequest | None:
    """Return the call of a tool; None if the message is another one or lacks a part."""
    params = message.get("params")
    if message.get("method") != TOOL_CALL or message.get("id") is None or not isinstance(params, dict):
        return None
    tool, arguments = params.get("name"), params.get("arguments") or {}
    if not (isinstance(tool, str) and isinstance(arguments, dict)):
        return None
    meta = params.get("_meta")
    return ToolRequest(message["id"], tool, arguments, meta if isinstance(meta, dict) else None)


def call_message(request: ToolRequest) -> Message:
    params: dict[str, Any] = {"name": request.tool, "arguments": request.arguments}
    params |= {"_meta": request.meta} if request.meta else {}
    return {"jsonrpc": "2.0", "id": request.request_id, "method": TOOL_CALL, "params": params}


def is_response_to(message: Message, request_id: Any) -> bool:
    return message.get("id") == request_id and ("result" in message or "error" in message)


def marcus_response(message: Message) -> dict[str, Any] | None:
    """Return the object that Marcus's tool answered with; None for an error of the protocol or of the arguments."""
    result = message.get("result")
    if not isinstance(result, dict) or result.get("isError"):
        return None
    texts = [part.get("text") for part in result.get("content") or [] if isinstance(part, dict)]
    try:
        found = json.loads(texts[0]) if texts and isinstance(texts[0], str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def result_message(request_id: Any, response: dict[str, Any]) -> Message:
    """Make the response to a call of a tool, in the form that Marcus's own have."""
    text = json.dumps(response, indent=2, ensure_ascii=False)
    places = {"content": [{"type": "text", "text": text}], "structuredContent": {"result": response}}
    return {"jsonrpc": "2.0", "id": request_id, "result": COMPLETE | places | {"isError": False}}


def error_message(request_id: Any, text: str) -> Message:
    """Make the response to a call of a tool that failed, with a text for the agent."""
    result = COMPLETE | {"content": [{"type": "text", "text": text}], "isError": True}
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def with_response(message: Message, response: dict[str, Any]) -> Message:
    """Return Marcus's message with another object in both of its places; other parts of the content remain."""
    result = message["result"]
    text = {"type": "text", "text": json.dumps(response, indent=2, ensure_ascii=False)}
    changed = result | {"content": [text, *result["content"][1:]]}
    if isinstance(result.get("structuredContent"), dict):
        changed["structuredContent"] = {"result": response}
    return message | {"result": changed}


def with_note(message: Message, note: str) -> Message:
    """Return the message with one more text in its content."""
    result = message["result"]
    return message | {"result": result | {"content": [*result["content"], {"type": "text", "text": note}]}}
