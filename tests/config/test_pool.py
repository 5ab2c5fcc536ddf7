"""Django's connections after the database was away: back with it, however long that took."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from config.environment import POOL
from tests.waiting import wait_until

LONG = 8  # failed attempts: two at a time, with pauses that double seven seconds, and eight more until the next one


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """Another way to the tests' server, which can be closed."""
    server = settings.DATABASES["default"]
    if not server["HOST"].startswith("/"):
        pytest.skip("the tests' server is not reached by a socket")
    name = f".s.PGSQL.{server['PORT'] or 5432}"
    (tmp_path / name).symlink_to(Path(server["HOST"], name))
    return tmp_path / name


def test_a_request_has_a_connection_as_soon_as_the_database_is_back(socket: Path) -> None:
    server = settings.DATABASES["default"]
    conninfo = make_conninfo("", host=str(socket.parent), port=server["PORT"], user=server["USER"], dbname="postgres")
    with ConnectionPool(conninfo, open=True, **POOL) as pool:
        pool.wait()  # for its first connection: asked before, it would make another one
        with pool.connection() as connection:
            elsewhere = socket.readlink()
            socket.unlink()
            with suppress(psycopg.OperationalError):
                connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        wait_until(lambda: not is_served(pool) and pool.get_stats().get("connections_errors", 0) >= LONG)
        socket.symlink_to(elsewhere)
        assert is_served(pool, POOL["timeout"])


def is_served(pool: ConnectionPool[Any], timeout: float = 0.1) -> bool:
    try:
        with pool.connection(timeout):
            return True
    except PoolTimeout:
        return False
