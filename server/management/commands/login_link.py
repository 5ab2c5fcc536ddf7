"""`manage.py login_link USER`: prints a one-time sign-in link."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.pages.sign_in.one_time_links import one_time_path
from marcus_events import audit
from marcus_events.core.event_types import EventTypes
from server.address import site


class Command(BaseCommand):
    help = "Prints a one-time sign-in link for USER, valid for 24 hours, for the server at HOST and PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get(username=options["user"], is_active=True)
        except User.DoesNotExist:
            raise CommandError(
                f"There is no active user {options['user']}. Add one under People or with createsuperuser."
            ) from None
        audit.record(EventTypes.SIGN_IN_LINK_MADE, audit.COMMAND_LINE, user=user.get_username())
        self.stdout.write(site() + one_time_path(user))
