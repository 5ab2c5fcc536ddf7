"""Derive tables anew from the log."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marcus_events.management.prepare import prepare_database
from marcus_events.projections import PROJECTIONS, rebuild


class Command(BaseCommand):
    help = "Rebuilds a projection, or all, from the log. Readers see the old rows until it is done."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [projection.name for projection in PROJECTIONS]
        parser.add_argument("projection", nargs="?", choices=names, help="which one (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        for projection in PROJECTIONS:
            if options["projection"] in (None, projection.name):
                count = rebuild(projection, partial(self.show, projection.name))
                self.stdout.write(f"{projection.name}: rebuilt from {count:,} events")

    def show(self, name: str, done: int, total: int) -> None:
        self.stderr.write(f"{name}: {done:,} of {total:,} events", ending="\r" if self.stderr.isatty() else "\n")
