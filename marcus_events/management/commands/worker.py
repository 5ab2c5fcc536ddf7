"""Keep the projections up with the log, and run handlers, without web."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marcus_events.management.handlers import run_handlers
from marcus_events.management.prepare import prepare_database
from marcus_events.projections import PROJECTIONS, Projector


class Command(BaseCommand):
    help = "Keeps the projections up with the log, and runs handlers. Any number may run; each part has one at work."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Working. Ctrl-C ends it.")
        handlers = threading.Thread(target=run_handlers, args=(stop,), name="handlers")
        handlers.start()
        Projector(PROJECTIONS).run(stop)
        handlers.join()
