"""A bare LISTEN/NOTIFY wake-up in one Python process: the limit of what commits and tells another connection."""

from __future__ import annotations

import queue
import threading
import time

import psycopg

from benchmarks.contest import Figures, percentiles

TABLE = "CREATE TABLE IF NOT EXISTS bare_notify (n int)"
TIMEOUT_S = 5.0


def wake_up(conninfo: str, samples: int, pause_s: float) -> Figures:
    """a row is committed, then NOTIFY; until a thread of the same process that listens has woken up"""
    woken: queue.Queue[float] = queue.Queue()
    with (
        psycopg.connect(conninfo, autocommit=True) as writing,
        psycopg.connect(conninfo, autocommit=True) as listening,
    ):
        writing.execute(TABLE)
        listening.execute("LISTEN bare_notify")
        thread = threading.Thread(target=listen, args=(listening, samples, woken), daemon=True)
        thread.start()
        took = []
        for n in range(samples):
            with writing.transaction():
                writing.execute("INSERT INTO bare_notify VALUES (%s)", [n])
            committed_at = time.perf_counter()
            writing.execute("SELECT pg_notify('bare_notify', %s)", [str(n)])
            took.append(woken.get(timeout=TIMEOUT_S) - committed_at)
            time.sleep(pause_s)
        thread.join(TIMEOUT_S)
    return percentiles(took)


def listen(connection: psycopg.Connection[tuple[object, ...]], samples: int, woken: queue.Queue[float]) -> None:
    for _ in connection.notifies(stop_after=samples):
        woken.put(time.perf_counter())
