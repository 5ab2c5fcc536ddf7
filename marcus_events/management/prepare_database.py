"""Preparation of every long-running command: checks the server, migrates the tables, and warns of running as root."""

from __future__ import annotations

import os
import time
from typing import Any

import psycopg
from django.core.management import BaseCommand, CommandError, call_command
from psycopg import OperationalError

from marcus_events.log.connect import connect
from marcus_events.log.server_requirements import UnfitServer, check_server

MIGRATING = 0x6D61726375  # advisory lock key; two commands may start at once
LOOK_EVERY_S = 0.1  # polls whether another command has finished its migrations


AS_ROOT = (
    "Warning: this process runs as root. A vulnerability in it would expose the whole machine. "
    "Run it as a separate user."
)


def warn_of_root(command: BaseCommand) -> None:
    if os.geteuid() == 0:
        command.stderr.write(command.style.WARNING(AS_ROOT))


def prepare_database() -> None:
    """Check and migrate the database. Raises CommandError if it is unreachable or unfit for the log."""
    try:
        with connect("prepare", autocommit=True) as connection:
            check_server(connection)
            wait_for_turn(connection)
            call_command("migrate", verbosity=0, interactive=False)
    except UnfitServer as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError(f"Cannot connect to the database: {error}") from error


def wait_for_turn(connection: psycopg.Connection[Any]) -> None:
    """Wait until no other command migrates.

    Polls, because a statement waiting inside the database holds a snapshot, and CREATE INDEX CONCURRENTLY waits for
    those.
    """
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (MIGRATING,)).fetchone() != (True,):
        time.sleep(LOOK_EVERY_S)
