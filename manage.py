#!/usr/bin/env python3
"""Runs a command. One that needs the database gets the embedded PostgreSQL first, unless DATABASE_URL names
a server."""

import os
import sys

from django.core.management import execute_from_command_line

WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "diffsettings",
    "findstatic",
    "help",
    "makemigrations",
    "version",
}


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if needs_database(arguments):
        start_embedded_postgres()
    execute_from_command_line(arguments)


def needs_database(arguments: list[str]) -> bool:
    asks_for_help = {"-h", "--help", "--version"} & set(arguments)
    return len(arguments) > 1 and arguments[1] not in WITHOUT_DATABASE and not asks_for_help


def start_embedded_postgres() -> None:
    from django.conf import settings

    from marcus_events import postgres

    if settings.EMBEDDED_POSTGRES:
        postgres.start(settings.DATA_DIR)


if __name__ == "__main__":
    main(sys.argv)
