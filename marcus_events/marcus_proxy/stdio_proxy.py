"""The proxy over standard input and output: it starts Marcus, and passes each line on between an agent and Marcus."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

from marcus_events.core.event import utc_now
from marcus_events.marcus_proxy.interception import Interception
from marcus_events.marcus_proxy.json_rpc import (
    OWN,
    TOOL_LIST,
    Message,
    ToolRequest,
    call_message,
    parse_message,
    tool_request,
)
from marcus_events.marcus_proxy.proxy_state import ProxyState

MAX_LINE = 64 * 1024 * 1024  # bytes of a message
FINISH_WITHIN_S = 5.0  # calls in progress, when the agent or Marcus ends
END_WITHIN_S = 10.0  # Marcus, after its input has ended
CALL_WITHIN_S = 10.0  # the proxy's own call of a tool, while an agent waits for it

logger = logging.getLogger(__name__)

Responder = tuple[ToolRequest | None, datetime]  # the call of a tool, or None for the list of tools; when it began


class StdioProxy:
    def __init__(self, command: Sequence[str], interception: Interception, state: ProxyState) -> None:
        self.command, self.interception, self.state = command, interception, state
        self._awaited: dict[Any, Responder] = {}
        self._own: dict[Any, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._out: BinaryIO = sys.stdout.buffer
        self._marcus: Process
        self._input: StreamWriter

    async def run(self) -> int:
        """Return Marcus's exit code, after the agent has closed its end or Marcus has ended. Raises OSError."""
        self._marcus = await asyncio.create_subprocess_exec(
            *self.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=MAX_LINE
        )
        if self._marcus.stdin is None or self._marcus.stdout is None:
            raise OSError("Marcus has no standard input or output")
        self._input = self._marcus.stdin
        reading = asyncio.create_task(self._read_agent())
        reading.add_done_callback(self._end_input)
        try:
            await self._read_marcus(self._marcus.stdout)
        finally:
            reading.cancel()
            code = await self._end_marcus()
        return code

    def _end_input(self, reading: asyncio.Task[None]) -> None:
        """Tell Marcus that nothing more comes: the agent has closed its end, or what it sends cannot be read."""
        if not reading.cancelled() and (error := reading.exception()):
            logger.error("the agent's messages cannot be read: %s", error)
        self._input.close()

    async def _end_marcus(self) -> int:
        self._input.close()
        try:
            return await asyncio.wait_for(self._marcus.wait(), END_WITHIN_S)
        except TimeoutError:
            self._marcus.kill()
            return await self._marcus.wait()

    async def _read_agent(self) -> None:
        reader = StreamReader(MAX_LINE)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.state.note_call()
            message = parse_message(line)
            request = tool_request(message) if message else None
            if request is not None:
                self._begin(self._handle(request, line))
                continue
            if message and message.get("method") == TOOL_LIST and is_id(message.get("id")):
                self._awaited[message["id"]] = (None, utc_now())
            await self._to_marcus(line)
        await self._wait_for_tasks()

    async def _handle(self, request: ToolRequest, line: bytes) -> None:
        own = await self.interception.before(request, self.call_marcus)
        if own is not None:
            self._to_agent(own)
        else:
            self._awaited[request.request_id] = (request, utc_now())
            await self._to_marcus(line)

    async def _read_marcus(self, output: StreamReader) -> None:
        while line := await output.readline():
            message = parse_message(line)
            if message is None or not is_id(message.get("id")) or not {"result", "error"} & message.keys():
                self._write(line)
            elif str(message["id"]).startswith(OWN):
                if (own := self._own.get(message["id"])) is not None and not own.done():
                    own.set_result(message)
            elif (awaited := self._awaited.pop(message["id"], None)) is not None:
                self._begin(self._respond(message, line, *awaited))
            else:
                self._write(line)
        await self._wait_for_tasks()

    async def _wait_for_tasks(self) -> None:
        """Wait for the calls in progress, but not for answers of people."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_WITHIN_S)

    async def _respond(self, message: Message, line: bytes, request: ToolRequest | None, started_at: datetime) -> None:
        if request is None:
            changed = self.interception.list_tools(message)
        else:
            changed = await self.interception.after(request, message, started_at)
        self._write(line) if changed is message else self._to_agent(changed)

    async def call_marcus(self, call: ToolRequest) -> Message | None:
        """Make a call of the proxy's own, and return Marcus's response; None if there is none."""
        self._own[call.request_id] = response = asyncio.get_running_loop().create_future()
        await self._to_marcus(json.dumps(call_message(call)).encode() + b"\n")
        try:
            return await asyncio.wait_for(response, CALL_WITHIN_S)
        except TimeoutError:
            return None
        finally:
            del self._own[call.request_id]

    async def _to_marcus(self, line: bytes) -> None:
        with suppress(ConnectionError):  # Marcus has ended; so does the proxy
            self._input.write(line)
            await self._input.drain()

    def _to_agent(self, message: Message) -> None:
        self._write(json.dumps(message).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        self._out.write(line)
        self._out.flush()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
