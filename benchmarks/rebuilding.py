"""How fast the projections are rebuilt from the log, beside reading the log."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import psycopg

from benchmarks.contest import RATE, Contest, Contestant, Figures, Scale
from benchmarks.databases import database
from benchmarks.payloads import new_events
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.projections import PROJECTIONS, Projection, rebuild
from marcus_events.projections.rebuilding import batches

READING = "reading the log"
INGESTED_AT_ONCE = 500


def contests(scale: Scale) -> Iterator[Contest]:
    with database() as conninfo:
        fill(scale.of(8_000, 300))
        measured = partial(per_second, read.head().position)
        single = [
            Contestant(
                f"rebuild {projection.name}",
                "its tables derived anew, in one transaction",
                partial(measured, partial(rebuild_all, [projection])),
            )
            for projection in PROJECTIONS
        ]
        yield Contest(
            "rebuild of projections",
            READING,
            [
                Contestant(READING, read_log.__doc__ or "", partial(measured, read_log)),
                Contestant("COPY TO", copy_out.__doc__ or "", partial(measured, partial(copy_out, conninfo))),
                Contestant("rebuild", rebuild_all.__doc__ or "", partial(measured, partial(rebuild_all, PROJECTIONS))),
                *single,
            ],
        )


def fill(count: int) -> None:
    events = new_events()
    for _ in range(0, count, INGESTED_AT_ONCE):
        receipts = ingest(list(islice(events, min(count, INGESTED_AT_ONCE))))
        assert {receipt.status for receipt in receipts} == {"accepted"}


def per_second(events: int, work: Callable[[], None]) -> Figures:
    begun = time.perf_counter()
    work()
    return {RATE: events / (time.perf_counter() - begun)}


def read_log() -> None:
    """all events read as objects, in the batches of a rebuild"""
    for _ in batches(read.head().position):
        pass


def copy_out(conninfo: str) -> None:
    """all rows of the log as text, by COPY: the limit of reading"""
    target = io.BytesIO()
    with (
        psycopg.connect(conninfo) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM event ORDER BY position) TO STDOUT") as rows,
    ):
        for data in rows:
            target.write(data)


def rebuild_all(projections: Sequence[Projection]) -> None:
    """all projections from one reading of the log, as `manage.py rebuild` does"""
    rebuild(*projections)
