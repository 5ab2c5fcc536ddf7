"""`manage.py revoke_token NAME`: revokes a token permanently."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.core.event_types import EventTypes
from marcus_events.management.prepare_database import prepare_database


class Command(BaseCommand):
    help = "Revokes a token immediately. Events published with it are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the token")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        if not tokens.revoke(options["name"]):
            raise CommandError(f"There is no active token named “{options['name']}”.")
        audit.record(EventTypes.TOKEN_REVOKED, audit.COMMAND_LINE, token=options["name"])
        self.stdout.write("Token revoked.")
