"""`manage.py worker`: runs the background services (projections, handlers, replies, retention, sealing) alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marcus_events.core.lifecycle import background
from marcus_events.log.listener import LISTENER
from marcus_events.management.prepare_database import prepare_database, warn_of_root
from marcus_events.projections import PROJECTIONS, Projector
from server.services import WORK, AnyService, run_until_stopped


class Command(BaseCommand):
    help = "Runs the background services: projections, handlers, replies, retention, sealing and verification."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [projection.name for projection in PROJECTIONS]
        only = f"run only these projections and no other services: {', '.join(names)}"
        parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=only)

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        warn_of_root(self)
        self.stdout.write("Worker running. Press Ctrl-C to stop.")
        self.stdout.flush()
        run_until_stopped(*services(options["only"]))


def services(only: list[str] | None) -> Sequence[AnyService]:
    if not only:
        return WORK
    chosen = Projector([projection for projection in PROJECTIONS if projection.name in only])
    return [background(f"projector of {' and '.join(only)}", chosen.run, LISTENER)]
