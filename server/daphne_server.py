"""Daphne's server with limits. Importing it installs Twisted's reactor, as importing Daphne does."""

from __future__ import annotations

import asyncio
import logging
import resource
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import daphne.server
from autobahn.exception import Disconnected
from twisted.internet.defer import Deferred

from dashboard.pages.history.export import ExportAborted
from marcus_events.access.open_connections import MAX_CONNECTIONS
from marcus_events.core.problem import Problem
from marcus_events.http.json_body import MAX_BODY
from server.incoming_request import IncomingRequest
from server.max_connections import LimitedConnections, close_websocket_soon, wait_until_drained
from server.websocket_inbox import WebSocketInbox

MAX_FILES = 2 * MAX_CONNECTIONS + 500  # a socket and a body's file for each connection, and the process's own
LAST_READ_S = 1.0  # for clients to read what they are told when the server stops
MAX_PREPARED = 8  # frames that are kept: each is as large as a message may be
CLOSED = {"disconnected": 0.0}  # as Daphne marks a connection that has ended
STOPPING = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The server is stopping. Send the request again; if it publishes events, use the same event ids, since they may "
    "have been stored.",
    retry_after_s=1,
)


class DaphneServer(daphne.server.Server):  # type: ignore[misc]  # Daphne has no types
    def __init__(self, application: Any, **options: Any) -> None:
        sizes = {"websocket_max_message_size": MAX_BODY, "websocket_max_frame_size": MAX_BODY}
        super().__init__(application, **sizes, **options)
        self.prepared_frame = lru_cache(maxsize=MAX_PREPARED)(self.prepare_frame)

    def run(self) -> None:
        raise_file_limit(MAX_FILES)
        daphne.server.logger.addFilter(is_unexpected)
        super().run()

    @property
    def http_factory(self) -> LimitedConnections:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, made: Any) -> None:
        """Wrap the factory that Daphne makes while it starts."""
        self._http_factory = LimitedConnections(made)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        queue = super().create_application(protocol, scope)
        return WebSocketInbox(queue, protocol.transport) if queue and scope["type"] == "websocket" else queue

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Return to the application only when its client has read the message.

        A client that is to wait (429) loses its connection: its next request takes its turn among the new connections,
        see `accept_queue`.
        """
        if message.get("status") == HTTPStatus.TOO_MANY_REQUESTS and protocol.channel:
            protocol.channel.persistent = False
            message = message | {"headers": [*message["headers"], (b"connection", b"close")]}
        with suppress(Disconnected):  # the application receives a message of its own about that
            if not self.send_text(protocol, message):
                await super().handle_reply(protocol, message)
        if message["type"] == "websocket.send" or message.get("more_body"):
            await wait_until_drained(protocol)
        elif message["type"] == "websocket.close":
            close_websocket_soon(protocol)

    def send_text(self, protocol: Any, message: dict[str, Any]) -> bool:
        """Send a text over an open WebSocket; False for everything else, which Daphne handles."""
        if message["type"] != "websocket.send" or message.get("bytes") or not (text := message.get("text")):
            return False
        if protocol.state != protocol.STATE_OPEN or "disconnected" in self.connections.get(protocol, CLOSED):
            return False
        protocol.sendPreparedMessage(self.prepared_frame(text))
        return True

    def prepare_frame(self, text: str) -> Any:
        """Return the bytes of a frame, which many connections may be sent, one after another."""
        return self.ws_factory.prepareMessage(text.encode())

    def kill_all_applications(self) -> Deferred[None]:
        """Daphne waits for this before it stops."""
        return Deferred.fromFuture(asyncio.ensure_future(self.end_applications()))

    async def end_applications(self) -> None:
        """End everything that is in progress. A request without a response is refused: its client sends it again."""
        refused = []
        for protocol, details in list(self.connections.items()):
            if running := details.get("application_instance"):
                running.cancel()
                if isinstance(protocol, IncomingRequest) and protocol.refuse(STOPPING):
                    refused.append(protocol.channel.ended.wait())
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_READ_S):
                await asyncio.gather(*refused)


def is_unexpected(record: logging.LogRecord) -> bool:
    """False for an export that was cancelled on purpose: the audit trail has it already."""
    return not (record.exc_info and isinstance(record.exc_info[1], ExportAborted))


def raise_file_limit(number: int) -> None:
    """Allow so many open files, or as many as the operating system permits; its default is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
