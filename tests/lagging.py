"""Projections that are behind the log: events that were recorded earlier, or a projector that cannot go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.audit.reading import behind_the_back
from tests.running_server import Running
from tests.waiting import wait_until

NAMES = ("state", "rates", "search")
CHECKPOINTS = "SELECT FROM checkpoint WHERE projection = ANY(%s)"


def age_events(seconds: float) -> None:
    """Let all events of the log have been recorded so much earlier."""
    behind_the_back("event", "UPDATE event SET recorded_at = recorded_at - %s * interval '1 second'", [seconds])


@contextmanager
def projections_stopped(running: Running, *names: str) -> Iterator[None]:
    """The projectors of a running server skip these projections, as if another process were at them."""
    with psycopg.connect(running.conninfo, autocommit=True) as connection:
        wanted = [list(names or NAMES)]
        wait_until(lambda: len(connection.execute(CHECKPOINTS, wanted).fetchall()) == len(wanted[0]))
        with connection.transaction():
            connection.execute(f"{CHECKPOINTS} FOR UPDATE", wanted)
            yield
