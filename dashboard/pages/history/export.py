"""The whole of a result as a file, a batch at a time.

1. It ends at the head of when it began, so it is the same however long it takes, and oldest first.
2. No more than a batch is held. Whoever goes away ends it with the batch that is being read; the connection to the
   database is given back after each.
3. A person runs one at a time, and a process no more than MOST, of which READING read from the database at once. A
   reader that takes too little gives its place back: see `Reader`.
4. It goes on only while the person may see what it holds, which is looked at every CHECK_S.
5. How it ended is recorded: who, from where, what was asked for, how many events, and why that was not all.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

from defusedcsv import csv

from dashboard.pages.history import columns, queries
from marcus_events import audit
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.http.worker_threads import EXPORT_THREADS, PAGE_THREADS, in_thread

MOST = 8  # exports at once: each is a batch in memory, of 1 MiB or little more
WINDOW_S = 30.0  # of waiting for a reader, after which it is judged
MIN_RATE = 16 * 1024  # bytes a second that a reader has to take: a line of 130 kbit/s
CHECK_S = 10.0  # after which somebody who signed out is sent no more
FIELDS = ("position", "recorded_at", "event_id", "timestamp", "event_type", "source", "data", "metadata", "category")
ABOUT = ("board_id", "task_id", "agent_id")
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which spreadsheets know that it is UTF-8
CANCELLED = "cancelled"
ACCESS_ENDED = "the user signed out, or their board access changed"
TOO_SLOW = "the download was too slow"
READER_GONE = "the download was interrupted"
FAILED = "the export failed"

Lines = Callable[[list[RecordedEvent]], str]

_running: dict[str, Export] = {}


class BrokenOff(RuntimeError):
    """Ended on purpose, for the reason it says. The answer breaks off: no browser takes what it has for the whole."""


class TooMany(BrokenOff):
    """Others began in the moment since it was looked whether there is room."""


class ExportReader:
    """How much whoever reads an export takes. Time in which the database is read does not count against them."""

    def __init__(self) -> None:
        self._waits_since: float | None = None
        self._waited = 0.0  # seconds of the present window
        self._bytes = 0

    def begins(self) -> None:
        self._waits_since = time.monotonic()

    def took(self, size: int) -> None:
        """Raises BrokenOff for a reader that is too slow."""
        self._waited += self.waits_for()
        self._waits_since = None
        self._bytes += size
        if self._waited >= WINDOW_S:
            if self._bytes / self._waited < MIN_RATE:
                raise BrokenOff(TOO_SLOW)
            self._waited, self._bytes = 0.0, 0

    def waits_for(self) -> float:
        """For how many seconds it has been waited for; some servers wait for ever."""
        return 0.0 if self._waits_since is None else time.monotonic() - self._waits_since


def make_room() -> bool:
    """Whether there is room for one more: those whose readers take nothing give it back."""
    if len(_running) >= MOST:
        for export in [one for one in _running.values() if one.reader.waits_for() > WINDOW_S]:
            export.end(TOO_SLOW)
            export.close()
    return len(_running) < MOST


def running(by: str) -> list[Export]:
    """Those of a person in this process, the oldest first."""
    return [export for export in _running.values() if export.by == by]


class Export:
    """An asynchronous iterator of bytes. Django closes it when the answer has been sent, or can no longer be.

    `expected` is how many events it will be about; None where that is not known. `may_go_on` says whether the person
    may still see what it holds.
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
    ) -> None:
        self.id, self.by, self.form = uuid4().hex, asked["by"], form
        self.expected, self.events = expected, 0
        self.reader = ExportReader()
        self._batches = queries.batches(filtered, until)
        self._lines, self._head = as_csv(paths) if form == "csv" else (as_json_lines, "")
        self._asked = asked | {"format": form}
        self._may_go_on, self._checked = may_go_on, time.monotonic()
        self._finished, self._why = False, ""

    @property
    def is_ended(self) -> bool:
        return bool(self._why)

    def end(self, why: str) -> None:
        """With the batch that is being read or sent."""
        self._why = self._why or why

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if len(_running) >= MOST or running(self.by):
            raise TooMany("the limit of concurrent exports is reached")
        _running[self.id] = self
        try:
            yield self._head.encode()
            while text := await in_thread(EXPORT_THREADS, self._next):
                self.reader.begins()
                yield text
                self.reader.took(len(text))
            self._finished = True
        except Exception as error:
            self.end(str(error) if isinstance(error, BrokenOff) else FAILED)
            await in_thread(PAGE_THREADS, self.close)  # Django closes no answer whose iterator has failed
            raise

    def _next(self) -> bytes:
        """The next batch as text; nothing after the last one. The event loop is not held up by writing it."""
        if time.monotonic() - self._checked >= CHECK_S:
            self._checked = time.monotonic()
            if not self._may_go_on():
                self.end(ACCESS_ENDED)
        if self._why:
            raise BrokenOff(self._why)
        events = next(self._batches, [])
        self.events += len(events)
        return self._lines(events).encode() if events else b""

    def close(self) -> None:
        if _running.pop(self.id, None):
            why = {} if self._finished else {"reason": self._why or READER_GONE}
            audit.record("history_exported", events=self.events, finished=self._finished, **why, **self._asked)


def as_json_lines(events: list[RecordedEvent]) -> str:
    """As the API gives them."""
    return "".join(json.dumps(event.to_dict(), ensure_ascii=False) + "\n" for event in events)


def as_csv(paths: list[str]) -> tuple[Lines, str]:
    """What makes rows of events, and the line above them."""
    return lambda events: written(row(event, paths) for event in events), BOM + written([[*FIELDS, *ABOUT, *paths]])


def row(event: RecordedEvent, paths: list[str]) -> list[Any]:
    stated = event.to_dict()
    cells = [stated[name] for name in FIELDS] + [getattr(event, name) for name in ABOUT]
    return [cell(value) for value in [*cells, *(columns.value_at(event, path) for path in paths)]]


def cell(value: Any) -> Any:
    """Numbers stay numbers. What begins with blanks is taken for a text, since what follows may be a formula."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = columns.as_text(value)
    return f"'{text}" if text[:1].isspace() else text


def written(rows: Iterator[list[Any]] | list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
