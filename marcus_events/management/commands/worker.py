"""Keep the projections up with the log, run handlers, send answers and remove what is old, without web."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marcus_events.answers import send_answers
from marcus_events.management.handlers import run_handlers
from marcus_events.management.prepare import prepare_database
from marcus_events.projections import projectors
from marcus_events.retention.running import run_retention


class Command(BaseCommand):
    help = (
        "Keeps the projections up with the log, runs handlers, sends answers, removes what is old. Any number may run."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Working. Ctrl-C ends it.")
        runs = [*(projector.run for projector in projectors()), run_handlers, send_answers, run_retention]
        threads = [threading.Thread(target=run, args=(stop,), name=run.__qualname__) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
