"""`manage.py create_token NAME`: creates a token and prints it once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.core.filters import parse_duration
from marcus_events.management.prepare_database import prepare_database

TAKEN = "A token named “{}” already exists and cannot be shown again. Choose another name."


class Command(BaseCommand):
    help = "Creates a token for a program and prints it. The token is shown only once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the token, such as “marcus on the build server”")
        parser.add_argument(
            "--scope", default="publish,read", help="permissions: publish, read or both (default: both)"
        )
        several: dict[str, Any] = {"action": "append", "default": []}
        parser.add_argument(
            "--board",
            metavar="ID",
            help="id of a board the token can access; may be repeated (default: all boards)",
            **several,
        )
        parser.add_argument(
            "--source",
            metavar="PATTERN",
            help="source the token can publish as, such as agent_*; may be repeated (default: any)",
            **several,
        )
        parser.add_argument(
            "--expires", metavar="SPAN", help="time until the token expires, such as 12h or 90d (default: never)"
        )

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
    if (span := parse_duration(stated)) is None:
        raise CommandError(f"--expires must be a duration such as 12h or 90d, not {stated!r}.")
    try:
        return utc_now() + span
    except OverflowError:
        raise CommandError(f"--expires {stated} is too long. Omit --expires for a token that never expires.") from None
