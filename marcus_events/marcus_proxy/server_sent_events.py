"""Server-sent events, in which Marcus answers over HTTP.

Their format is https://html.spec.whatwg.org/multipage/server-sent-events.html.

An event that the proxy changes is written anew; all others pass byte by byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable

from marcus_events.marcus_proxy.json_rpc import Message, parse_message

MEDIA_TYPE = "text/event-stream"
EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
LINE_END = re.compile(rb"\r\n|\n|\r")


class EventStream:
    """Splits a stream into its events, however its bytes arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that are complete now, each with the blank line that ends it."""
        self._rest += chunk
        found, start = [], 0
        for match in EVENT_END.finditer(self._rest):
            found.append(self._rest[start : match.end()])
            start = match.end()
        self._rest = self._rest[start:]
        return found

    @property
    def rest(self) -> bytes:
        """The bytes after the last complete event."""
        return self._rest


def message_in(event: bytes) -> Message | None:
    lines = [line.removeprefix(b"data:").lstrip(b" ") for line in LINE_END.split(event) if line.startswith(b"data:")]
    return parse_message(b"\n".join(lines)) if lines else None


def with_message(event: bytes, message: Message) -> bytes:
    """Return the event with another message as its data; its id and type remain."""
    others = [line for line in LINE_END.split(event) if line and not line.startswith(b"data:")]
    return b"\r\n".join([*others, b"data: " + json.dumps(message).encode(), b"", b""])


async def changed_event(event: bytes, change: Callable[[Message], Awaitable[Message]]) -> bytes:
    """Return the event as `change` makes it; the same bytes if it has no message or remains the same."""
    message = message_in(event)
    if message is None:
        return event
    changed = await change(message)
    return event if changed is message else with_message(event, changed)
