#!/usr/bin/env python3
"""Runs a command. One that needs the database gets the embedded PostgreSQL first, unless DATABASE_URL names a server.

What stands in the way of that is said in a line; a traceback is for errors of ours. Started with a Python that lacks
the packages, it goes on with the one into which `make run` has installed them.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(__file__).resolve().parent / ".venv"
INTERRUPTED = 130  # the exit code that shells give to Ctrl-C
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "diffsettings",
    "findstatic",
    "help",
    "makemigrations",
    "marcus_proxy",  # it uses the database that runs, and works without one
    "version",
}


def main(arguments: list[str]) -> None:
    use_own_packages(arguments)
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if needs_database(arguments):
            start_embedded_postgres()
        execute_from_command_line(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def use_own_packages(arguments: list[str]) -> None:
    python = VENV / "bin" / "python"
    if find_spec("django") is None and python.exists() and Path(sys.prefix) != VENV:
        os.execv(python, [str(python), *arguments])  # noqa: S606 - a program of ours, without a shell


def needs_database(arguments: list[str]) -> bool:
    asks_for_help = {"-h", "--help", "--version"} & set(arguments)
    return len(arguments) > 1 and arguments[1] not in WITHOUT_DATABASE and not asks_for_help


def start_embedded_postgres() -> None:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    from marcus_events import postgres

    try:
        if settings.EMBEDDED_POSTGRES:
            postgres.start(settings.DATA_DIR)
    except (ImproperlyConfigured, OSError, postgres.StartFailed) as error:
        sys.exit(f"Marcus Events cannot start: {error}")


if __name__ == "__main__":
    main(sys.argv)
