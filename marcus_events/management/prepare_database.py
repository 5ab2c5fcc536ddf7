"""What every long-running command does first: refuse an unfit server, bring the tables up to date, and warn of root."""

from __future__ import annotations

import os
import time
from typing import Any

import psycopg
from django.core.management import BaseCommand, CommandError, call_command
from psycopg import OperationalError

from marcus_events.log.connect import connect
from marcus_events.log.server_requirements import UnfitServer, check_server

MIGRATING = 0x6D61726375  # the advisory lock of whoever migrates: two commands may start at once
LOOK_EVERY_S = 0.1  # whether another command has finished its migrations


AS_ROOT = (
    "Warning: this process runs as root. A vulnerability in it would expose the whole machine. "
    "Run it as a separate user."
)


def warn_of_root(command: BaseCommand) -> None:
    if os.geteuid() == 0:
        command.stderr.write(command.style.WARNING(AS_ROOT))


def prepare_database() -> None:
    """Raises CommandError when there is no database, or not one that can hold the log."""
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
    """Return when no other command migrates. Asked again and again: a statement that waited inside of the database
    would hold a snapshot, and an index that is built concurrently waits for those to end.
    """
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (MIGRATING,)).fetchone() != (True,):
        time.sleep(LOOK_EVERY_S)
