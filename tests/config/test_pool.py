"""Django's connections after the database was away: back with it, however long that took."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from config.environment import POOL
from tests.waiting import wait_until

NAME = "pool that loses its server"
LONG = 8  # failed attempts: two at a time, with pauses that double seven seconds, and eight more until the next one


@pytest.fixture
def socket() -> Iterator[Path]:
    """Another way to the tests' server, which can be closed. A socket's path has at most 107 bytes: `tmp_path` is
    longer.
    """
    server = settings.DATABASES["default"]
    if not server["HOST"].startswith("/"):
        pytest.skip("the tests' server is not reached by a socket")
    name = f".s.PGSQL.{server['PORT'] or 5432}"
    with TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.symlink_to(Path(server["HOST"], name))
        yield path


def test_a_request_has_a_connection_as_soon_as_the_database_is_back(socket: Path) -> None:
    given = settings.DATABASES["default"]
    server = make_conninfo("", host=given["HOST"], port=given["PORT"], user=given["USER"], dbname="postgres")
    lost = make_conninfo(server, host=str(socket.parent), application_name=NAME)
    with psycopg.connect(server, autocommit=True) as witness, ConnectionPool(lost, open=True, **POOL) as pool:
        wait_until(lambda: is_served(pool))
        elsewhere = socket.readlink()
        socket.unlink()
        wait_until(lambda: is_lost(pool, witness) and pool.get_stats().get("connections_errors", 0) >= LONG)
        socket.symlink_to(elsewhere)
        assert is_served(pool, POOL["timeout"])


def is_served(pool: ConnectionPool[Any], timeout: float = 0.1) -> bool:
    try:
        with pool.connection(timeout) as connection:
            connection.execute("SELECT 1")
            return True
    except (PoolTimeout, psycopg.OperationalError):
        return False


def is_lost(pool: ConnectionPool[Any], witness: psycopg.Connection[Any]) -> bool:
    """Ends its connections first, also those that were under way when the socket went."""
    witness.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [NAME])
    return not is_served(pool)
