"""`manage.py redact POSITION --reason TEXT`: replaces an event's body with a marker."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events.audit import COMMAND_LINE
from marcus_events.audit.redaction import CannotRedact, redact
from marcus_events.management.prepare_database import prepare_database


class Command(BaseCommand):
    help = "Replaces the body of one event by a marker, for good. Its place, type, source and times remain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("position", type=int)
        parser.add_argument("--reason", required=True, help="why; everybody who sees the event reads it")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        try:
            record = redact(options["position"], COMMAND_LINE, options["reason"])
        except CannotRedact as error:
            raise CommandError(str(error)) from None
        except psycopg.OperationalError as error:
            raise CommandError(f"It cannot be done now: {error}") from error
        self.stdout.write(f"Redacted; event {record} is the record of it.")
