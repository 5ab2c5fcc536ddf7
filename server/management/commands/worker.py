"""Keep the projections up with the log, run handlers, send answers, remove what is old, seal and verify; no web."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marcus_events.audit.hash_chain import seal
from marcus_events.audit.hash_chain.anchor_writer import keep_anchored
from marcus_events.audit.hash_chain.verification_runs import check_daily
from marcus_events.audit.writer import close_trail, trail
from marcus_events.blockers.replies import send_answers
from marcus_events.management.prepare_database import prepare_database, warn_of_root
from marcus_events.projections import PROJECTIONS, SWITCH_S, Projector, projectors
from marcus_events.retention.runs import run_retention
from marcus_events.sources.marcus.folder_followers import follow_folders
from server.handlers import run_handlers

WORK = (run_handlers, send_answers, run_retention, seal, check_daily, keep_anchored, follow_folders)


class Command(BaseCommand):
    help = "Runs the background services: projections, handlers, replies, retention, sealing and verification."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [projection.name for projection in PROJECTIONS]
        only = f"run only these projections and no other services: {', '.join(names)}"
        parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=only)

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        warn_of_root(self)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Worker running. Press Ctrl-C to stop.")
        sys.setswitchinterval(SWITCH_S)
        threads = [
            threading.Thread(target=run, args=(stop,), name=run.__qualname__) for run in self.runs(options["only"])
        ]
        for thread in threads:
            thread.start()
        trail()  # takes up what an earlier process has left
        for thread in threads:
            thread.join()
        close_trail()

    def runs(self, only: list[str] | None) -> list[Callable[[threading.Event], None]]:
        if only:
            return [Projector([projection for projection in PROJECTIONS if projection.name in only]).run]
        return [*(projector.run for projector in projectors()), *WORK]
