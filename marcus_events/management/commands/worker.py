"""Keep the projections up with the log, run handlers and send answers, without web."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marcus_events.answers import send_answers
from marcus_events.management.handlers import run_handlers
from marcus_events.management.prepare import prepare_database
from marcus_events.projections import SWITCH_S, projectors


class Command(BaseCommand):
    help = "Keeps the projections up with the log, runs handlers and sends answers. Any number may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Working. Ctrl-C ends it.")
        sys.setswitchinterval(SWITCH_S)
        runs = [*(projector.run for projector in projectors()), run_handlers, send_answers]
        threads = [threading.Thread(target=run, args=(stop,), name=run.__qualname__) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
