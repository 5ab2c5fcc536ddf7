"""The goals of the system's speed, each a ratio of two figures of one run, or a figure by itself."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.contest import P50, P99, RATE, Row

Figure = tuple[str, str, str]  # how the subject begins, the contestant, the unit
SINGLE, BATCHES, STORED, PUBLISHED = "HTTP, single", "HTTP, batches", "store in batches", "store one by one"
DAPHNE, UVICORN = "marcus_events, Daphne", "marcus_events, uvicorn"
BARE, BARE_UVICORN = "bare ASGI, Daphne", "bare ASGI, uvicorn"
HISTORY = "Marcus's algorithm, history on"
FRAME, FAN_OUT, REQUEST = "commit to WebSocket frame", "a 2,000-byte frame", "HTTP request sent"


@dataclass(frozen=True)
class Goal:
    """`figure` divided by `beside` has to be at least or at most `limit`. With `is_headline`, the README names it."""

    what: str
    figure: Figure
    beside: Figure | None
    limit: float
    is_at_most: bool = False
    is_headline: bool = False

    def outcome(self, rows: list[Row]) -> float | None:
        """The ratio as measured; None if one of the two was not."""
        value = median(rows, self.figure)
        base = median(rows, self.beside) if self.beside else 1.0
        return value / base if value and base else None

    def is_reached(self, ratio: float) -> bool:
        return ratio <= self.limit if self.is_at_most else ratio >= self.limit


def median(rows: list[Row], figure: Figure) -> float | None:
    subject, name, unit = figure
    return next((row.medians.get(unit) for row in rows if row.subject.startswith(subject) and row.name == name), None)


def publish(handlers: int, name: str, limit: float, kind: str, *, is_headline: bool = False) -> Goal:
    subject = f"publish to {handlers} handler"
    what = (
        f"`publish` to {handlers} {kind} handler{'' if handlers == 1 else 's'}, beside Marcus's algorithm with history"
    )
    return Goal(what, (subject, name, RATE), (subject, HISTORY, RATE), limit, is_headline=is_headline)


GOALS = [
    Goal(
        "Single durable events over HTTP, beside a bare ASGI application under the same Daphne",
        (SINGLE, DAPHNE, RATE),
        (SINGLE, BARE, RATE),
        0.5,
        is_headline=True,
    ),
    Goal("The same under uvicorn", (SINGLE, UVICORN, RATE), (SINGLE, BARE_UVICORN, RATE), 0.3),
    Goal(
        "Their 99th percentile under Daphne, beside their median",
        (SINGLE, DAPHNE, P99),
        (SINGLE, DAPHNE, P50),
        3,
        is_at_most=True,
    ),
    Goal(
        "Batches of 100 over HTTP, beside COPY",
        (BATCHES, DAPHNE, RATE),
        (BATCHES, "COPY", RATE),
        0.3,
        is_headline=True,
    ),
    Goal("The same under uvicorn", (BATCHES, UVICORN, RATE), (BATCHES, "COPY", RATE), 0.4),
    Goal(
        "Batches over HTTP, beside Prefect's event API until its events are queryable",
        (BATCHES, DAPHNE, RATE),
        (BATCHES, "Prefect, until queryable", RATE),
        40,
        is_headline=True,
    ),
    Goal(
        "`publish_batch` of 500, beside COPY",
        (STORED, "publish_batch", RATE),
        (STORED, "COPY", RATE),
        0.6,
        is_headline=True,
    ),
    Goal(
        "`publish_batch` of 500, beside eventsourcing",
        (STORED, "publish_batch", RATE),
        (STORED, "eventsourcing", RATE),
        2,
    ),
    Goal(
        "`publish` with persistence, 50 at once, beside COPY",
        (PUBLISHED, "publish", RATE),
        (PUBLISHED, "COPY", RATE),
        0.2,
    ),
    Goal(
        "`publish` with persistence, 50 at once, beside eventsourcing",
        (PUBLISHED, "publish", RATE),
        (PUBLISHED, "eventsourcing", RATE),
        2,
        is_headline=True,
    ),
    publish(0, "marcus_events", 1.5, "asynchronous"),
    publish(1, "marcus_events", 1.5, "asynchronous", is_headline=True),
    publish(10, "marcus_events", 1.5, "asynchronous"),
    publish(0, "marcus_events, plain functions", 1.5, "plain"),
    publish(1, "marcus_events, plain functions", 4, "plain"),
    publish(10, "marcus_events, plain functions", 7, "plain"),
    Goal(
        "Commit to frame in a WebSocket, median, beside a bare NOTIFY wake-up",
        (FRAME, "marcus_events", P50),
        (FRAME, "bare LISTEN/NOTIFY", P50),
        2,
        is_at_most=True,
        is_headline=True,
    ),
    Goal(
        "Request to frame in a WebSocket, 99th percentile, beside Prefect's stream",
        (REQUEST, "marcus_events", P99),
        (REQUEST, "Prefect", P99),
        0.5,
        is_at_most=True,
    ),
    Goal(
        "A frame of 2 KB to 200 WebSockets: speed beside a bare ASGI loop under the same Daphne",
        (FAN_OUT, BARE, P50),
        (FAN_OUT, "marcus_events", P50),
        0.8,
        is_headline=True,
    ),
    Goal(
        "`follow`, beside reading and parsing the files",
        ("follow", "follow --once", "lines/s"),
        ("follow", "reading and parsing", "lines/s"),
        0.2,
        is_headline=True,
    ),
    Goal("Rebuild of all projections, events/s", ("rebuild", "rebuild", RATE), None, 20_000),
]

NOT_MEASURED = {
    "Everything on for ten minutes, with each lag": "`python -m benchmarks.everything_on` measures it: see above",
    "A frame to 1,000 WebSockets": "the limit of open files of many machines is 1,024; 200 are measured",
    "From publishing to the painted page": "`python -m benchmarks.painting` measures it: see above",
    "Server time of the pages at 10 thousand to 10 million events": "`python -m benchmarks.pages` measures it",
    "Each class of search at 1 and 10 million events": "`python -m benchmarks.search` measures it on a filled log",
    "Start on a log of 10 million events": "filling such a log takes longer than the run: see above",
    "Memory per socket": "`python -m benchmarks.painting` measures it: see above",
    "Memory of the processes after an hour": "it takes an hour",
}
