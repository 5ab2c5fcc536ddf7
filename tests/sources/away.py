"""Makes the database unavailable: it refuses connections and ends existing ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import psycopg
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper


@contextmanager
def database_unavailable() -> Iterator[None]:
    params = {k: v for k, v in connection.get_connection_params().items() if k in ("host", "port", "user", "password")}
    name = connection.settings_dict["NAME"]
    connection.close()
    cast(DatabaseWrapper, connection).close_pool()  # connections left by other tests would be dead
    with psycopg.connect(**params, dbname="postgres", autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
