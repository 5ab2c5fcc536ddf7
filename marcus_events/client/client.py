"""The client: publishes to a dashboard elsewhere, and waits for events there.

    from marcus_events import Events
    from marcus_events.client import Client

    events = Events(persistence=Client("http://127.0.0.1:8000", token))

An event is on disk when the call returns, and a thread sends it. A dashboard that is slow, down or restarted costs the
publisher neither time nor an event. Every event is sent under the same identity until the dashboard has confirmed it,
so each is in the log once.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from marcus_events.bus.spool import Spool
from marcus_events.client.log_reader import LogReader
from marcus_events.client.outbox import Outbox
from marcus_events.core.causation import with_causation
from marcus_events.core.event import Event, utc_now
from marcus_events.core.predicates import Where

READ_FLUSH_TIMEOUT_S = 2.0  # reading waits this long for events that were published here just before
CLOSE_TIMEOUT_S = 5.0
TIMEOUT_S = 10.0  # of a request


class Client:
    """Sends events to the dashboard at `url`. It has the methods of `Events`, and those of a persistence.

    `spool` is the directory for events that are not sent yet; the default is in the user's state directory. A process
    that is killed leaves its events there, and the next client of the same dashboard sends them.
    """

    def __init__(self, url: str, token: str, *, spool: Path | str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Raises SpoolFailed if the directory cannot be used, and ValueError if the token cannot be one."""
        if not (token.isascii() and token.isprintable() and token.strip() == token != ""):
            raise ValueError("invalid token: it must be printable ASCII without surrounding spaces")
        self.url = url.rstrip("/")
        directory = Path(spool) if spool else state_directory(self.url)
        self._outbox = Outbox(self.url, token, Spool.claim(directory), timeout_s)
        self._reader = LogReader(self.url, token, timeout_s)
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def send(self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Event:
        """Publish without an event loop, from any thread. Returns when the event is on disk."""
        event = Event(f"evt_{uuid4().hex}", utc_now(), event_type, source, data, with_causation(metadata))
        self._outbox.put([event])
        return event

    async def publish(
        self,
        event_type: str,
        source: str,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        wait_for_handlers: bool = True,
    ) -> Event:
        """Publish. Handlers run elsewhere and are never waited for; the argument is that of `Events.publish`."""
        return self.send(event_type, source, data, metadata)

    async def publish_batch(self, items: Sequence[tuple[Any, ...]]) -> list[Event]:
        """Publish (type, source, data) or (type, source, data, metadata) each."""
        return [self.send(*item) for item in items]

    async def store_event(self, event: Event) -> None:
        """Store an event, as a persistence does. Returns when it is on disk."""
        self._outbox.put([event])

    async def store_events(self, events: Sequence[Event]) -> None:
        self._outbox.put(events)

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events of the log, oldest first. Raises httpx.HTTPError."""
        await self.flush(READ_FLUSH_TIMEOUT_S)
        return await self._reader.newest(event_type, source, limit)

    async def wait_for_event(
        self,
        event_type: str | Sequence[str],
        timeout: float | None = None,
        *,
        after: Event | int | None = None,
        where: Where | None = None,
    ) -> Event | None:
        """The next event of a type, or None when `timeout` seconds have passed.

        `after` an event of this log, or a position, means the first one that followed it, even if that was before this
        call. It continues to wait while the dashboard is restarted.
        """
        await self.flush(timeout)
        return await self._reader.wait(event_type, timeout, after, where)

    async def ask(
        self,
        question: str,
        *,
        task: str,
        agent: str,
        board: str | None = None,
        options: Sequence[str] = (),
        recommendation: str | None = None,
        severity: str = "medium",
        timeout: float | None = None,
    ) -> str | None:
        """Report that a question blocks a task, and return the reply to it; None when `timeout` seconds have passed.

        `task`, `agent` and `board` are ids. `options` are shown as buttons, and `recommendation` is marked among them.
        The first reply for the task counts. It continues to wait while the dashboard is restarted.
        """
        data = {"task_id": task, "agent_id": agent, "description": question, "severity": severity}
        stated = {"options": list(options), "recommendation": recommendation}
        metadata = {"board_id": board} if board else {}
        blocked = self.send("task_blocked", agent, data | {k: v for k, v in stated.items() if v}, metadata)
        where = {"data.task_id": task} | ({"metadata.board_id": board} if board else {})
        reply = await self.wait_for_event("blocker_resolved", timeout, after=blocked, where=where)
        return str(reply.data.get("resolution", "")) if reply else None

    async def stream(
        self, event_type: str | Sequence[str] = "*", *, after: Event | int | None = None, where: Where | None = None
    ) -> AsyncGenerator[Event, None]:
        """The events from now on, or after an event or a position. None is missed when the connection is lost."""
        if isinstance(after, Event):
            await self.flush()  # it may still be in the outbox, and the dashboard would not know it
        async with aclosing(self._reader.stream(event_type, after, where)) as events:
            async for event in events:
                yield event

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is sent; return whether it was within the time."""
        return await self._outbox.flush(timeout_s)

    def metrics(self) -> dict[str, Any]:
        """Counts of events: `sent`, of these `duplicates` (in the log already) and `warned` (some fields are ignored),
        `waiting`, `refused` (preserved on disk) and `lost`; and the `last_error`.
        """
        return self._outbox.metrics()

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send what is left, for up to `timeout_s`; the rest stays on disk for the next client."""
        atexit.unregister(self.close)
        self._outbox.close(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.flush(CLOSE_TIMEOUT_S)
        self.close(0)


def state_directory(url: str) -> Path:
    """The spool directory of a dashboard, in the user's state directory."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "marcus-events" / hashlib.sha256(url.encode()).hexdigest()[:16]
