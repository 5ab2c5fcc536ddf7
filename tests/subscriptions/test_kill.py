"""Owners that die, stop and wake: nothing is missed, and who is no longer the owner changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest
from django.db import connection

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.subscriptions import overview
from tests.log.processes import ROOT
from tests.waiting import wait_until

KILLS = int(os.environ.get("MARCUS_TEST_KILLS", "200"))
BATCH = 20
SHORT_LEASE_S = 0.5

pytestmark = pytest.mark.usefixtures("log")


class Zygote:
    """Starts subscribers that share what they have seen; one at a time. By default their lease outlasts the test."""

    def __init__(self, seen: Path, lease_s: float = 3600.0) -> None:
        self.seen = seen
        self.child = 0
        database = connection.get_connection_params()
        conninfo = psycopg.conninfo.make_conninfo(
            **{key: database[key] for key in ("host", "port", "dbname", "user", "password") if database.get(key)}
        )
        command = [sys.executable, "-m", "tests.subscriptions.zygote", "notifier", str(BATCH), str(lease_s), str(seen)]
        environment = os.environ | {"DATABASE_URL": conninfo, "DJANGO_SETTINGS_MODULE": "config.settings"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)

    def start(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.child = int(self.process.stdout.readline())

    def kill(self) -> None:
        assert self.process.stdout
        os.kill(self.child, signal.SIGKILL)
        self.child = 0
        assert self.process.stdout.readline() == "ended\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin
        assert self.process.stdout
        if self.child:
            self.kill()
        self.process.stdin.close()
        self.process.wait(180)
        self.process.stdout.close()


def seen_in(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def publish(count: int, start: int = 0) -> None:
    ingest([Event(f"e{n}", utc_now(), "task_progress", "s", {"n": n}) for n in range(start, start + count)])


def test_killed_in_mid_batch_nothing_is_missed_and_at_most_a_batch_is_seen_again(tmp_path: Path) -> None:
    """The owner's connection is gone with it: the next one need not wait for the lease, which is long here."""
    total = KILLS * 50
    publish(total)
    file = tmp_path / "seen"
    begun = [0]
    with Zygote(file) as zygote:
        for round_number in range(KILLS):
            zygote.start()
            enough = min(begun[-1] + 1 + round_number * 7 % 41, total)
            wait_until(lambda enough=enough: len(seen_in(file)) >= enough)  # type: ignore[misc]
            zygote.kill()
            begun.append(len(seen_in(file)))
        zygote.start()
        wait_until(lambda: overview.state("notifier").lag == 0, timeout=180)
    rounds = [seen_in(file)[a:b] for a, b in zip(begun, [*begun[1:], None], strict=True)]
    assert set(seen_in(file)) == set(range(total))
    highest = -1
    for events in filter(None, rounds):
        assert events == list(range(events[0], events[-1] + 1)), "out of order"
        assert highest - events[0] < BATCH, "more than a batch was seen again"
        highest = max(highest, events[-1])


def test_a_stopped_owner_is_replaced_after_its_lease_and_acknowledges_nothing_when_it_wakes(tmp_path: Path) -> None:
    publish(10)
    with Zygote(tmp_path / "first", SHORT_LEASE_S) as first, Zygote(tmp_path / "second") as second:
        first.start()
        wait_until(lambda: position_of("notifier") == 10)
        with stopped(first.child):
            second.start()
            publish(10, start=10)
            wait_until(lambda: position_of("notifier") == 20)
            fence = fence_of("notifier")
        publish(10, start=20)
        wait_until(lambda: position_of("notifier") == 30)
        assert fence_of("notifier") == fence, "the one that woke took over again"
        assert seen_in(tmp_path / "first") == list(range(10))
        assert seen_in(tmp_path / "second") == list(range(10, 30))


def position_of(name: str) -> int:
    """-1 before there is such a subscription."""
    return next((state.position for state in overview.states() if state.name == name), -1)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def fence_of(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fence FROM subscription WHERE name = %s", [name])
        return int(cursor.fetchone()[0])
