"""`manage.py create_token NAME`: creates a token and prints it once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.core.filters import span_of
from marcus_events.management.prepare_database import prepare_database

TAKEN = "There is a token named “{}” already, and it cannot be shown again. Choose another name."


class Command(BaseCommand):
    help = "Makes a token for a program and prints it. It is shown this one time only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the token is for, such as “marcus on the build server”")
        parser.add_argument("--scope", default="publish,read", help="publish, read, or both (default: both)")
        several: dict[str, Any] = {"action": "append", "default": []}
        parser.add_argument(
            "--board", metavar="ID", help="a board it is for; may be repeated (default: all)", **several
        )
        parser.add_argument(
            "--source", metavar="PATTERN", help="whom it speaks for, such as agent_*; may be repeated", **several
        )
        parser.add_argument("--expires", metavar="SPAN", help="when it ends, such as 12h or 90d (default: never)")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        scopes = [scope.strip() for scope in options["scope"].split(",")]
        expires_at = end_of(options["expires"]) if options["expires"] else None
        try:
            secret = tokens.create(options["name"], scopes, options["board"], options["source"], expires_at)
        except ValueError as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(TAKEN.format(options["name"])) from error
        ends = {"expires": expires_at.isoformat()} if expires_at else {}
        boards, sources = options["board"], options["source"]
        audit.token_created(audit.COMMAND_LINE, "", options["name"], scopes, boards, sources, **ends)
        self.stdout.write(secret)


def end_of(stated: str) -> datetime:
    if (span := span_of(stated)) is None:
        raise CommandError(f"--expires is a span such as 12h or 90d, not {stated!r}.")
    try:
        return utc_now() + span
    except OverflowError:
        raise CommandError(
            f"{stated} is longer than the calendar. Leave --expires out for a token without an end."
        ) from None
