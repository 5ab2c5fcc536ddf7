"""What every long-running command does first: refuse an unfit server, and bring the tables up to date."""

from __future__ import annotations

from django.core.management import CommandError, call_command
from psycopg import OperationalError

from marcus_events.log.checks import UnfitServer, check_server
from marcus_events.log.connect import connect

MIGRATING = 0x6D61726375  # the advisory lock of whoever migrates: two commands may start at once


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
