"""`manage.py redact POSITION --reason TEXT`: replaces an event's body with a marker."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events.audit import COMMAND_LINE
from marcus_events.audit.redaction import CannotRedact, redact
from marcus_events.management.prepare_database import prepare_database


class Command(BaseCommand):
    help = "Permanently replaces the body of one event with a marker. Its position, type, source and times remain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("position", type=int)
        parser.add_argument("--reason", required=True, help="reason; visible to everyone who can see the event")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        try:
            record = redact(options["position"], COMMAND_LINE, options["reason"])
        except CannotRedact as error:
            raise CommandError(str(error)) from None
        except psycopg.OperationalError as error:
            raise CommandError(f"The event cannot be redacted now: {error}") from error
        self.stdout.write(f"Redacted. Event {record} records the redaction.")
