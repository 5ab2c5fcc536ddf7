"""A server that would lose events, or cannot run our SQL, is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.db import connection

from marcus_events import postgres
from marcus_events.log import server_requirements
from marcus_events.log.connect import connect
from marcus_events.log.server_requirements import UnfitServer, check_server
from marcus_events.postgres.data_directory import DataDirectory
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def test_a_fit_server_is_taken() -> None:
    with connect("test") as fit:
        check_server(fit)


def test_a_server_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_requirements, "OLDEST_VERSION", 99)
    with connect("test") as old, pytest.raises(UnfitServer, match="99 or newer"):
        check_server(old)


def test_a_database_that_is_not_utf8_is_refused() -> None:
    with connect("maker", autocommit=True) as maker:
        plain = "LOCALE_PROVIDER libc" if maker.info.server_version >= 150_000 else ""
        maker.execute(f"CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C' {plain}".encode())
        try:
            params = connection.get_connection_params() | {"dbname": "ascii"}
            kept = {
                key: value for key, value in params.items() if key in ("host", "port", "user", "password", "dbname")
            }
            with psycopg.connect(**kept) as ascii_database, pytest.raises(UnfitServer, match="not UTF8"):
                check_server(ascii_database)
        finally:
            maker.execute("DROP DATABASE ascii WITH (FORCE)")


def test_a_connection_that_does_not_wait_for_the_disk_is_refused() -> None:
    with connect("test") as hasty:
        hasty.execute("SET synchronous_commit = off")
        with pytest.raises(UnfitServer, match="synchronous_commit"):
            check_server(hasty)


def test_a_server_without_fsync_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory: Path = tmp_path_factory.mktemp("nofsync")
    place = DataDirectory.under(directory)
    with postgres.ClusterMember(place), psycopg.connect(place.conninfo, autocommit=True) as hasty:
        hasty.execute("ALTER SYSTEM SET fsync = off")
        hasty.execute("SELECT pg_reload_conf()")
        wait_until(lambda: (hasty.execute("SHOW fsync").fetchone() or ("on",))[0] == "off")
        with pytest.raises(UnfitServer, match="fsync is off"):
            check_server(hasty)
