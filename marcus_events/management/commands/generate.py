"""`manage.py generate --events 10_000_000`: fills the log with generated events for measurements."""

from __future__ import annotations

import argparse
import bisect
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandParser

from marcus_events.core.event import parse_timestamp, utc_now
from marcus_events.core.filters import parse_duration
from marcus_events.log import identities
from marcus_events.log.append import append
from marcus_events.log.connect import connect
from marcus_events.log.partitions import with_room
from marcus_events.management.prepare_database import prepare_database
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources import generation

BATCH = 2_000  # events per transaction, which locks the head for a tenth of a second
TELL_EVERY = 100_000  # events


class Command(BaseCommand):
    help = (
        "Appends generated events directly to the log, without validation, and updates the projections. Use it to test "
        "search and counts at scale; for realistic boards, use simulate. The same options always generate the same "
        "events, and a log that was started this way is continued. Use a separate MARCUS_DATA_DIR."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        names = [projection.name for projection in PROJECTIONS]
        add = parser.add_argument
        add("--events", type=int, required=True, metavar="N", help="number of events, such as 10_000_000")
        add(
            "--seed",
            type=int,
            default=1,
            metavar="S",
            help="random seed; the same seed generates the same events (default: 1)",
        )
        add(
            "--over",
            type=span,
            default="60d",
            metavar="SPAN",
            help="period over which the events are spread (default: 60d)",
        )
        add("--until", type=parse_timestamp, metavar="TIME", help="time of the last event (default: last midnight)")
        add("--stop", type=int, metavar="N", help="stop before this event; a later run continues")
        add("--project", nargs="*", choices=names, metavar="NAME", help=f"of {', '.join(names)} (default: all)")

    def handle(self, **options: Any) -> None:
        prepare_database()
        end = options["until"] or utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        extent = generation.GeneratedRange(options["seed"], options["events"], end - options["over"], end)
        self.append(extent, options["stop"] or extent.count)
        chosen = options["project"] if options["project"] is not None else [each.name for each in PROJECTIONS]
        for projection in PROJECTIONS:
            if projection.name in chosen:
                self.stdout.write(f"{projection.name}: {catch_up([projection]):,} events")

    def append(self, extent: generation.GeneratedRange, stop: int) -> None:
        done = begun(extent)
        with connect("generate", autocommit=True) as connection:
            for batch in batches(extent, done, stop):
                with_room(partial(append_batch, connection, batch))
                done += len(batch)
                if done % TELL_EVERY < BATCH:
                    self.stderr.write(f"{done:,} of {extent.count:,} events")


def append_batch(connection: psycopg.Connection[Any], batch: list[Any]) -> None:
    with connection.transaction():
        append(connection, batch)


def begun(extent: generation.GeneratedRange) -> int:
    """Return how many of the events the log already holds; they are appended in order."""
    is_missing = lambda number: identities.by_event_id(generation.event_id(extent.seed, number)) is None  # noqa: E731
    return bisect.bisect_left(range(extent.count), True, key=is_missing)


def batches(extent: generation.GeneratedRange, done: int, stop: int) -> Iterator[list[Any]]:
    left = islice(generation.entries(extent, done), max(0, stop - done))
    while batch := list(islice(left, BATCH)):
        yield batch


def span(text: str) -> timedelta:
    found = parse_duration(text)
    if found is None:
        raise argparse.ArgumentTypeError("must be a duration such as 12h or 30d")
    return found
