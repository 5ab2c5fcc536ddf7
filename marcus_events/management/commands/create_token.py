"""Make a token for a program, and print it once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from marcus_events import tokens
from marcus_events.management.prepare import prepare_database


class Command(BaseCommand):
    help = "Makes a token for a program and prints it. It is shown this one time only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the token is for, such as “marcus on the build server”")
        parser.add_argument("--scope", default="publish,read", help="publish, read, or both (default: both)")
        parser.add_argument("--board", default="", metavar="ID", help="the one board it is for (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        scopes = [scope.strip() for scope in options["scope"].split(",")]
        try:
            self.stdout.write(tokens.create(options["name"], scopes, options["board"]))
        except ValueError as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(f"There is a token named “{options['name']}” already.") from error
