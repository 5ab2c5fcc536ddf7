"""Connections of our own to the database that Django is set up with.

The writer and the listener hold a connection for as long as the process lives, outside of Django's pool: the one must
not lose its turn at the head to a web request, the other sits in LISTEN.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connections

CONNECT_TIMEOUT_S = 5  # a database that is away is found out soon, and tried again
NOT_FOR_LIBPQ = ("cursor_factory", "context", "prepare_threshold", "pool")

# What a lost or refused connection raises; everything else is an error of ours.
CONNECTION_ERRORS = (psycopg.OperationalError, psycopg.InterfaceError)


def connect(purpose: str, *, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """A new connection, named in pg_stat_activity by its purpose. Raises psycopg.OperationalError."""
    params = connections["default"].get_connection_params()
    for key in NOT_FOR_LIBPQ:
        params.pop(key, None)
    params |= {"application_name": f"marcus {purpose}", "connect_timeout": CONNECT_TIMEOUT_S}
    return psycopg.connect(autocommit=autocommit, **params)
