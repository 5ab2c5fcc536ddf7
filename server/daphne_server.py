"""Daphne's server with the gate in front of it. Importing it chooses Twisted's reactor, as importing Daphne's does."""

from __future__ import annotations

import logging
import resource
from contextlib import suppress
from typing import Any

import daphne.server
from autobahn.exception import Disconnected

from dashboard.pages.history.export import ExportAborted
from marcus_events.access.open_connections import MAX_CONNECTIONS
from marcus_events.http.json_body import MAX_BODY
from server.http_channel import CLOSE_S
from server.max_connections import Gate, end_within, until_taken
from server.websocket_inbox import Inbox

FILES = 2 * MAX_CONNECTIONS + 500  # a connection and its body's file each; the rest for everything else


class DaphneServer(daphne.server.Server):  # type: ignore[misc]  # Daphne has no types
    def __init__(self, application: Any, **options: Any) -> None:
        sizes = {"websocket_max_message_size": MAX_BODY, "websocket_max_frame_size": MAX_BODY}
        super().__init__(application, **sizes, **options)

    def run(self) -> None:
        allow_files(FILES)
        daphne.server.logger.addFilter(is_news)
        super().run()

    @property
    def http_factory(self) -> Gate:
        return self._gate

    @http_factory.setter
    def http_factory(self, made: Any) -> None:
        """Daphne makes its factory while it starts, and this is where the gate comes in front of it."""
        self._gate = Gate(made)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        queue = super().create_application(protocol, scope)
        return Inbox(queue, protocol.transport) if queue and scope["type"] == "websocket" else queue

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        with suppress(Disconnected):  # a client that has gone is told of by its own message
            await super().handle_reply(protocol, message)
        if message.get("more_body") or message["type"] == "websocket.send":
            await until_taken(protocol)
        elif message["type"] == "websocket.close":
            end_within(protocol, CLOSE_S)


def is_news(record: logging.LogRecord) -> bool:
    """That an export was broken off on purpose is on record already, and no fault."""
    return not (record.exc_info and isinstance(record.exc_info[1], ExportAborted))


def allow_files(number: int) -> None:
    """As many open at once, or as many as the operating system lets us: 1,024 is what it gives unasked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
