"""Reads audit events, and changes tables behind the application's back."""

from __future__ import annotations

from typing import Any

from django.db import connection

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import ingest
from marcus_events.log import read
from tests.waiting import wait_until


def on_record(event_type: str = "") -> list[RecordedEvent]:
    """Return the audit events of a type, oldest first."""
    wanted = EventFilter().with_term("type", event_type) if event_type else EventFilter.parse("category:audit")
    return read.events(wanted, newest_first=False)


def only_event(event_type: str) -> RecordedEvent:
    """Return the only event of a type."""
    wait_until(lambda: bool(on_record(event_type)))
    [found] = on_record(event_type)
    return found


def data_of(event_type: str) -> dict[str, Any]:
    return only_event(event_type).data


def fill(number: int, start: int = 1) -> None:
    """Append `number` events."""
    ingest([numbered(n) for n in range(start, start + number)])


def numbered(n: int, **data: Any) -> Event:
    stated = {"task_id": f"t{n}", "agent_id": "agent_1", "n": n} | data
    return Event(f"e{n}", utc_now(), "task_progress", "marcus", stated, {"board_id": "shop"})


def behind_the_back(table: str, statement: str, values: list[Any] | None = None) -> None:
    """Run a statement as the owner of the tables, who can disable the triggers first."""
    with connection.cursor() as cursor:
        guards = ("kept", "kept_as_declared") if table == "event" else ("kept",)
        cursor.execute(f"ALTER TABLE {table} {', '.join(f'DISABLE TRIGGER {guard}' for guard in guards)}")
        try:
            cursor.execute(statement, values)
        finally:
            cursor.execute(f"ALTER TABLE {table} {', '.join(f'ENABLE TRIGGER {guard}' for guard in guards)}")
