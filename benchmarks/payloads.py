"""The events that every contestant gets: those of the bundled Marcus run, repeated under ids of their own.

Django must be set up in this process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

from marcus_events.core.event import Event
from marcus_events.sources.demo_script import read_run

Stated = tuple[str, str, dict[str, Any], dict[str, Any]]  # the arguments of `Events.publish`
ID = b"@" * 32  # as long as the id that replaces it, so that the length of a body is known in advance


@cache
def run_events() -> list[Event]:
    """The events of the run, without the mark by which `follow` recognises Marcus's own acts."""
    events = []
    for event in read_run():
        metadata = {name: value for name, value in (event.metadata or {}).items() if name != "act"}
        events.append(Event("", event.timestamp, event.event_type, event.source, event.data, metadata))
    return events


def new_events() -> Iterator[Event]:
    """Yield the events of the run again and again, each with a new id."""
    for event in cycle(run_events()):
        yield Event(uuid4().hex, event.timestamp, event.event_type, event.source, event.data, event.metadata)


def stated_events() -> Iterator[Stated]:
    """Yield the events as `publish` and `publish_batch` take them."""
    for event in cycle(run_events()):
        yield event.event_type, event.source, event.data, event.metadata or {}


@cache
def json_events() -> list[bytes]:
    """The events as JSON, with ID in place of the event id."""
    return [json.dumps(event.to_dict() | {"event_id": ID.decode()}).encode() for event in run_events()]


def single_bodies() -> Iterator[bytes]:
    """Yield one event after another as JSON, with ID in place of its id."""
    return cycle(json_events())


def batch_bodies(size: int) -> Iterator[bytes]:
    """Yield arrays of events as JSON, with ID in place of each id."""
    events = cycle(json_events())
    batches = [b"[" + b",".join(islice(events, size)) + b"]" for _ in range(20)]
    return cycle(batches)


def with_new_ids(body: bytes) -> bytes:
    """Replace every ID by a new one. Within a body the ids are numbered, which is cheaper than new random ones."""
    head, *rest = body.split(ID)
    prefix = uuid4().hex[:26].encode()
    return head + b"".join(prefix + b"%06d" % n + part for n, part in enumerate(rest))
