"""The listener: after the database was away, it sees to it that the others in its process have it back."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from marcus_events.log.listener import listener
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
IDLE = 6  # connections; a request that met so many dead ones would pause for longer than it waits


def test_connections_that_died_in_the_pool_are_replaced_before_a_request_meets_them() -> None:
    fill_pool()
    heard = listener().count
    wait_until(lambda: listener().count > heard)
    lost = connections_lost()
    end_everything_else()
    wait_until(lambda: connections_lost() >= lost + IDLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def connections_lost() -> int:
    pool: ConnectionPool[Any] = getattr(connection, "pool")  # noqa: B009 - the stubs do not know it
    return pool.get_stats().get("connections_lost", 0)


def fill_pool() -> None:
    """So many threads that have a connection each, at the same time."""
    together = threading.Barrier(IDLE)

    def use() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            together.wait()
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(IDLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def end_everything_else() -> None:
    connection.close()
    given = connection.get_connection_params()
    params = {name: given[name] for name in ("host", "port", "user") if name in given}
    with psycopg.connect(**params, dbname="postgres") as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )
