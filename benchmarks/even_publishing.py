"""Publishes single events over HTTP at an even rate, and remembers when each one was sent.

The events are those of the bundled Marcus run that pages show, again and again, as if they happened now. Some are
progress reports of a task of its own, whose progress counts up: what a page shows of it tells how old the page is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle
from typing import Any
from uuid import uuid4

from benchmarks.payloads import run_events
from marcus_events.core.event_types import meaning_of
from tests.running_server import Running

CONNECTIONS = 24
PROBES_A_SECOND = 5
PROBE_VALUES = 100  # a probe's progress begins again with 0 after so many: after 20 seconds
BOARD = {"board_id": "258c2928af0b4b1a8f53c48f8825bdee", "board_name": "Storefront"}
PROBE = {"task_id": "probe", "task_name": "Probe", "agent_id": "probe"}


@dataclass
class Published:
    """When events were sent, in seconds since 1970: by position, and the probes in the order of their sending. The
    progress of the first probe is one more than `progress_before`.
    """

    sent: dict[int, float] = field(default_factory=dict)
    probes: list[float] = field(default_factory=list)
    late_s: float = 0.0  # how late the latest event was sent
    progress_before: int = 0


def first_events() -> list[dict[str, Any]]:
    """The whole run once, and the task and the agent of the probes."""
    return [
        *shown_events(),
        stated("agent_registered", {"agent_id": "probe", "name": "Probe", "role": "Probe"}),
        stated("task_created", PROBE),
        stated("task_started", PROBE),
    ]


def shown_events() -> list[dict[str, Any]]:
    events = (event.to_dict() for event in run_events() if meaning_of(event.event_type).importance != "noise")
    return [event | stamped() for event in events]


def stated(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"event_type": event_type, "source": "benchmark", "data": data, "metadata": BOARD} | stamped()


def stamped() -> dict[str, str]:
    return {"event_id": uuid4().hex, "timestamp": datetime.now(UTC).isoformat()}


class EvenPublisher:
    """Sends each event when it is due, over whichever connection is free."""

    def __init__(self, up: Running) -> None:
        self.published = Published()
        self._progress = 0
        self._port, self._free = up.port, asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
        self._head = (
            f"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:{up.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {up.full_token}\r\nContent-Length: "
        )

    async def run(self, rate: int, seconds: float) -> Published:
        """Publish for so long, and return when everything is answered."""
        self.published = Published(progress_before=self._progress)
        while self._free.qsize() < CONNECTIONS:
            self._free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))
        events, begun = cycle(shown_events()), time.monotonic()
        probe_every = max(1, rate // PROBES_A_SECOND)
        async with asyncio.TaskGroup() as group:
            for n, due in due_times(begun, rate, seconds):
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                connection = await self._free.get()
                self.published.late_s = max(self.published.late_s, time.monotonic() - due)
                is_probe = n % probe_every == 0
                event = self._probe() if is_probe else next(events) | stamped()
                group.create_task(self._post(connection, event))
        return self.published

    def _probe(self) -> dict[str, Any]:
        self._progress = (self._progress + 1) % PROBE_VALUES
        self.published.probes.append(time.time())
        return stated("task_progress", PROBE | {"progress": self._progress, "status": "in_progress"})

    async def _post(self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], event: dict[str, Any]) -> None:
        reader, writer = connection
        body, sent_at = json.dumps(event).encode(), time.time()
        writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
        answer = json.loads(await reader.readexactly(length))
        self.published.sent[answer["results"][0]["position"]] = sent_at
        self._free.put_nowait(connection)

    def close(self) -> None:
        while not self._free.empty():
            self._free.get_nowait()[1].close()


def due_times(begun: float, rate: int, seconds: float) -> Iterator[tuple[int, float]]:
    for n in count():
        if n / rate >= seconds:
            return
        yield n, begun + n / rate
