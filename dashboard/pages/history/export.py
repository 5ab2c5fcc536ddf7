"""Exports a whole search result as a file, in batches.

1. It ends at the head of when it started, so the result is fixed, and is ordered oldest first.
2. At most one batch is in memory. A disconnect ends the export with the current batch; the database connection is
   released after each batch.
3. A person runs one export at a time, a process at most MAX_EXPORTS, of which READING read from the database at once. A
   reader that is too slow loses its place: see `ExportReader`.
4. Access is checked again every ACCESS_CHECK_INTERVAL_S; losing it ends the export.
5. The end is recorded: person, address, query, number of events, and the reason for an early end.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, tzinfo
from typing import Any
from uuid import uuid4

from defusedcsv import csv

from dashboard.pages.history import columns, queries
from dashboard.queries.labels import named
from dashboard.time_zones import zone_of
from marcus_events import audit
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import EventFilter
from marcus_events.core.sentences import agent_name, board_name, sentence, task_name
from marcus_events.core.sentences import as_text as as_sentence
from marcus_events.http.worker_threads import EXPORT_THREADS, PAGE_THREADS, run_in_thread

MAX_EXPORTS = 8  # at once; each holds a batch of about 1 MiB in memory
WINDOW_S = 30.0  # of waiting for a reader, after which its rate is checked
MIN_RATE = 16 * 1024  # bytes per second that a reader has to accept: 130 kbit/s
ACCESS_CHECK_INTERVAL_S = 10.0  # how soon a sign-out ends the export
ENDED_SHOWN_S = 60.0  # how long the page says how an export ended
FIELDS = ("position", "recorded_at", "event_id", "timestamp", "event_type", "source", "data", "metadata", "category")
ABOUT = ("board_id", "task_id", "agent_id")
READABLE = ("event", "type", "board", "agent", "task")
RAW = ("position", "event_id", "timestamp", "recorded_at", "event_type", "source", *ABOUT)
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # tells spreadsheets that the file is UTF-8
CANCELLED = "cancelled"
ACCESS_ENDED = "the user signed out, or their board access changed"
TOO_SLOW = "the download was too slow"
READER_GONE = "the download was interrupted"
FAILED = "the export failed"

Lines = Callable[[list[RecordedEvent]], str]

_running: dict[str, Export] = {}
_ended: dict[str, Export] = {}  # by person: the last one


class ExportAborted(RuntimeError):
    """Ended early for the given reason. The response breaks off, so that browsers do not take it for complete."""


class TooManyExports(ExportAborted):
    """Other exports started between the check and the start of this one."""


class ExportReader:
    """Measures how fast a client reads an export. Time spent reading the database does not count."""

    def __init__(self) -> None:
        self._waits_since: float | None = None
        self._waited = 0.0  # seconds waited in the current window
        self._bytes = 0

    def start_waiting(self) -> None:
        self._waits_since = time.monotonic()

    def record_sent(self, size: int) -> None:
        """Count a batch. Raises ExportAborted if the client is too slow."""
        self._waited += self.waited_s()
        self._waits_since = None
        self._bytes += size
        if self._waited >= WINDOW_S:
            if self._bytes / self._waited < MIN_RATE:
                raise ExportAborted(TOO_SLOW)
            self._waited, self._bytes = 0.0, 0

    def waited_s(self) -> float:
        """Return how long the client has been waited for; some servers wait forever."""
        return 0.0 if self._waits_since is None else time.monotonic() - self._waits_since


def has_room() -> bool:
    """Return whether another export may start; aborts stalled ones to make room."""
    if len(_running) >= MAX_EXPORTS:
        for export in [one for one in _running.values() if one.reader.waited_s() > WINDOW_S]:
            export.end(TOO_SLOW)
            export.close()
    return len(_running) < MAX_EXPORTS


def last_ended(by: str) -> Export | None:
    """Return the person's export that ended last, if that was a moment ago."""
    for name, export in list(_ended.items()):
        if time.monotonic() - export.ended_at > ENDED_SHOWN_S:
            _ended.pop(name, None)
    return _ended.get(by)


def running(by: str) -> list[Export]:
    """Return a person's exports in this process, oldest first."""
    return [export for export in _running.values() if export.by == by]


class Export:
    """An asynchronous iterator of bytes. Django closes it when the response is complete or the client disconnects.

    `expected` is the approximate number of events, None if unknown. `may_go_on` checks the person's access.
    """

    def __init__(
        self,
        filtered: EventFilter,
        until: int,
        form: str,
        paths: list[str],
        asked: dict[str, str],
        expected: int | None = None,
        may_go_on: Callable[[], bool] = lambda: True,
        zone: str = "",
    ) -> None:
        self.id, self.by, self.form = uuid4().hex, asked["by"], form
        self.expected, self.events = expected, 0
        self.reader = ExportReader()
        self._batches = queries.batches(filtered, until)
        self._lines, self._head = formats(form, paths, zone)
        self.ended_at = 0.0
        self._asked = asked | {"format": form}
        self._may_go_on, self._checked = may_go_on, time.monotonic()
        self._finished, self._why = False, ""

    @property
    def is_finished(self) -> bool:
        """The whole result was sent."""
        return self._finished

    @property
    def reason(self) -> str:
        """Why it ended early."""
        return self._why or READER_GONE

    @property
    def is_ended(self) -> bool:
        return bool(self._why)

    def end(self, why: str) -> None:
        """End after the current batch."""
        self._why = self._why or why

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if len(_running) >= MAX_EXPORTS or running(self.by):
            raise TooManyExports("the limit of concurrent exports is reached")
        _running[self.id] = self
        try:
            yield self._head.encode()
            while text := await run_in_thread(EXPORT_THREADS, self._next):
                self.reader.start_waiting()
                yield text
                self.reader.record_sent(len(text))
            self._finished = True
        except Exception as error:
            self.end(str(error) if isinstance(error, ExportAborted) else FAILED)
            await run_in_thread(PAGE_THREADS, self.close)  # Django does not close a response whose iterator has failed
            raise

    def _next(self) -> bytes:
        """Return the next batch as text, "" after the last one. Formats it outside of the event loop."""
        if time.monotonic() - self._checked >= ACCESS_CHECK_INTERVAL_S:
            self._checked = time.monotonic()
            if not self._may_go_on():
                self.end(ACCESS_ENDED)
        if self._why:
            raise ExportAborted(self._why)
        events = next(self._batches, [])
        self.events += len(events)
        return self._lines(events).encode() if events else b""

    def close(self) -> None:
        if _running.pop(self.id, None):
            why = {} if self._finished else {"reason": self.reason}
            self.ended_at, _ended[self.by] = time.monotonic(), self
            audit.record("history_exported", events=self.events, finished=self._finished, **why, **self._asked)


def formats(form: str, paths: list[str], zone: str) -> tuple[Lines, str]:
    """Return the function that formats events in a form, and the header line."""
    match form:
        case "csv":
            return as_readable_csv(paths, zone)
        case "csv-raw":
            return as_csv(paths)
    return as_json_lines, ""


def as_json_lines(events: list[RecordedEvent]) -> str:
    """Format events as the API does."""
    return "".join(json.dumps(event.to_dict(), ensure_ascii=False) + "\n" for event in events)


def as_readable_csv(paths: list[str], zone: str) -> tuple[Lines, str]:
    """Do the same with sentences, names and local times, beside ids and times in UTC."""
    local = zone_of(zone) if zone else UTC
    head = [f"time ({local})", *READABLE, *RAW, *paths]
    return lambda events: written(readable_rows(events, paths, local)), BOM + written([head])


def readable_rows(events: list[RecordedEvent], paths: list[str], local: tzinfo) -> Iterator[list[Any]]:
    for event, readable in zip(events, named(events), strict=True):
        yield [
            cell(value)
            for value in (
                event.timestamp.astimezone(local).strftime("%Y-%m-%d %H:%M:%S"),
                as_sentence(sentence(readable)),
                meaning_of(event.event_type).title,
                board_name(readable) if event.board_id else "",
                agent_name(readable) if event.agent_id else "",
                task_name(readable) if event.task_id else "",
                *raw_fields(event),
                *(columns.value_at(event, path) for path in paths),
            )
        ]


def raw_fields(event: RecordedEvent) -> list[Any]:
    stated = event.to_dict() | {name: getattr(event, name) for name in ABOUT}
    return [stated[name] for name in RAW]


def as_csv(paths: list[str]) -> tuple[Lines, str]:
    """Return a function that formats events as rows, and the header line."""
    return lambda events: written(row(event, paths) for event in events), BOM + written([[*FIELDS, *ABOUT, *paths]])


def row(event: RecordedEvent, paths: list[str]) -> list[Any]:
    stated = event.to_dict()
    cells = [stated[name] for name in FIELDS] + [getattr(event, name) for name in ABOUT]
    return [cell(value) for value in [*cells, *(columns.value_at(event, path) for path in paths)]]


def cell(value: Any) -> Any:
    """Format a value; numbers stay numbers. Text after leading blanks may be a formula, so it is escaped too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = columns.as_text(value)
    return f"'{text}" if text[:1].isspace() else text


def written(rows: Iterator[list[Any]] | list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
