"""What every long-running command does first: refuse an unfit server, bring the tables up to date, and warn of root."""

from __future__ import annotations

import os

from django.core.management import BaseCommand, CommandError, call_command
from psycopg import OperationalError

from marcus_events.log.checks import UnfitServer, check_server
from marcus_events.log.connect import connect

MIGRATING = 0x6D61726375  # the advisory lock of whoever migrates: two commands may start at once


AS_ROOT = (
    "Warning: this process runs as root. Anybody who finds a fault in it owns the whole machine. "
    "Run it as a user of its own."
)


def warn_of_root(command: BaseCommand) -> None:
    if os.geteuid() == 0:
        command.stderr.write(command.style.WARNING(AS_ROOT))


def prepare_database() -> None:
    """Raises CommandError when there is no database, or not one that can hold the log."""
    try:
        with connect("prepare", autocommit=True) as connection:
            check_server(connection)
            connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATING,))
            call_command("migrate", verbosity=0, interactive=False)
    except UnfitServer as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError(f"The database cannot be reached: {error}") from error
