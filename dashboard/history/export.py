"""The whole of a result as a file, a batch at a time.

1. It ends at the head of when it began, so it is the same however long it takes, and oldest first.
2. No more than a batch is held. Whoever goes away ends it with the batch that is being read; the connection to the
   database is given back after each.
3. No more than MOST run at once in a process.
4. How it ended is recorded: who, from where, what was asked for, how many events, and whether that was all.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

from defusedcsv import csv

from dashboard import shared
from dashboard.history import columns
from dashboard.queries import history
from marcus_events import audit
from marcus_events.core.event import Recorded
from marcus_events.core.filters import EventFilter

MOST = 2  # exports at once; each keeps one of the pages' four threads busy
FIELDS = ("position", "recorded_at", "event_id", "timestamp", "event_type", "source", "data", "metadata", "category")
ABOUT = ("board_id", "task_id", "agent_id")
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which spreadsheets know that it is UTF-8

Lines = Callable[[list[Recorded]], str]

_running: dict[str, Export] = {}


class TooMany(RuntimeError):
    """As many exports run as may."""


class Cancelled(RuntimeError):
    """Somebody has ended it. The answer breaks off, so that no browser takes what it has for the whole."""


def is_full() -> bool:
    return len(_running) >= MOST


def running(by: str) -> list[Export]:
    """Those of a person in this process, the oldest first."""
    return [export for export in _running.values() if export.by == by]


class Export:
    """An asynchronous iterator of bytes. Django closes it when the answer has been sent, or can no longer be.

    `expected` is how many events it will be about; None where that is not known.
    """

    def __init__(
        self,
        filtered: EventFilter,
        until: int,
        form: str,
        paths: list[str],
        asked: dict[str, str],
        expected: int | None = None,
    ) -> None:
        self.id, self.by, self.form = uuid4().hex, asked["by"], form
        self.expected, self.events, self.is_cancelled = expected, 0, False
        self._batches = history.batches(filtered, until)
        self._lines, self._head = as_csv(paths) if form == "csv" else (as_json_lines, "")
        self._asked = asked | {"format": form}
        self._finished = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if is_full():
            raise TooMany
        _running[self.id] = self
        yield self._head.encode()
        while events := await self._next():
            self.events += len(events)
            yield self._lines(events).encode()
        self._finished = True

    async def _next(self) -> list[Recorded] | None:
        """Django closes no answer whose iterator has failed: then the place is given back here."""
        try:
            if self.is_cancelled:
                raise Cancelled
            return await shared.in_thread(lambda: next(self._batches, None))
        except Exception:
            await shared.in_thread(self.close)
            raise

    def close(self) -> None:
        if _running.pop(self.id, None):
            audit.record("history_exported", events=self.events, finished=self._finished, **self._asked)


def as_json_lines(events: list[Recorded]) -> str:
    """As the API gives them."""
    return "".join(json.dumps(event.to_dict(), ensure_ascii=False) + "\n" for event in events)


def as_csv(paths: list[str]) -> tuple[Lines, str]:
    """What makes rows of events, and the line above them."""
    return lambda events: written(row(event, paths) for event in events), BOM + written([[*FIELDS, *ABOUT, *paths]])


def row(event: Recorded, paths: list[str]) -> list[Any]:
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
