"""`manage.py rebuild [PROJECTION]`: rebuilds projections from the log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum

from marcus_events.management.prepare_database import prepare_database
from marcus_events.models import RetentionRun
from marcus_events.projections import PROJECTIONS, rebuild


class Command(BaseCommand):
    help = (
        "Rebuilds one or all projections from the log, which is read once. Readers see the old rows until it is done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        names = [projection.name for projection in PROJECTIONS]
        parser.add_argument(
            "--force", action="store_true", help="rebuild even if retention has removed events from the log"
        )
        parser.add_argument("projection", nargs="?", choices=names, help="projection to rebuild (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        if not options["force"]:
            check_whole()
        chosen = [projection for projection in PROJECTIONS if options["projection"] in (None, projection.name)]
        count = rebuild(*chosen, progress=self.show)
        for projection in chosen:
            self.stdout.write(f"{projection.name}: rebuilt from {count:,} events")

    def show(self, done: int, total: int) -> None:
        self.stderr.write(f"{done:,} of {total:,} events", ending="\r" if self.stderr.isatty() else "\n")


def check_whole() -> None:
    """Raise CommandError if the log no longer holds all events that the tables were built from."""
    removed = RetentionRun.objects.aggregate(total=Sum("removed"))["total"]
    if removed:
        raise CommandError(
            f"Retention has removed {removed:,} events. A rebuild would lose what was derived from them. "
            "Use --force to rebuild from the events that remain."
        )
