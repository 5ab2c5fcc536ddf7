"""Keep the projections up with the log, run handlers, send answers, seal and verify the log, without web."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marcus_events.answers import send_answers
from marcus_events.auditing.trail import close_trail, trail
from marcus_events.management.handlers import run_handlers
from marcus_events.management.prepare import prepare_database
from marcus_events.projections import PROJECTIONS, Projector
from marcus_events.sealing import seal
from marcus_events.sealing.checking import check_daily

WORK = (run_handlers, send_answers, seal, check_daily)


class Command(BaseCommand):
    help = "Keeps the projections up with the log, runs handlers and sends answers. Any number may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Working. Ctrl-C ends it.")
        others = [threading.Thread(target=run, args=(stop,), name=run.__name__) for run in WORK]
        for thread in others:
            thread.start()
        trail()  # takes up what an earlier process has left
        Projector(PROJECTIONS).run(stop)
        for thread in others:
            thread.join()
        close_trail()
