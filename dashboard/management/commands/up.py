"""Web and workers in one process: what `make run` runs."""

from __future__ import annotations

import os
import threading
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from dashboard.signin import one_time_path
from marcus_events.live.hub import get_hub
from marcus_events.log.listener import close_listener
from marcus_events.log.writer import close_writer
from marcus_events.management.prepare import prepare_database
from marcus_events.projections import PROJECTIONS, Projector
from marcus_events.sources.demo import Demo

FIRST_ADMINISTRATOR = "admin"


class Command(BaseCommand):
    help = "Serves the dashboard and the API on HOST (127.0.0.1) and PORT (8000), and keeps everything up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = address()
        prepare_database()
        call_command("collectstatic", verbosity=0, interactive=False)
        with Workers():
            self.serve(host, port)

    def serve(self, host: str, port: int) -> None:
        """Serve until SIGTERM or Ctrl-C. Twisted's reactor is chosen by the import, so it stands here."""
        from daphne.server import Server

        server = Server(
            import_string(settings.ASGI_APPLICATION),
            endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
            ready_callable=lambda: self.greet(host, port),
            verbosity=0,
        )
        server.run()
        if not server.listening_addresses:
            raise CommandError(f"Port {port} on {host} cannot be used: PORT=8001 chooses another one.")

    def greet(self, host: str, port: int) -> None:
        site = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.stdout.write(f"\nMarcus Events is live at {site}/")
        self.stdout.write(f"Sign in with this link, it works once:  {site}{one_time_path(administrator())}")
        self.stdout.write("Another one:  python manage.py login_link USER      End:  Ctrl-C\n")
        self.stdout.flush()


class Workers:
    """The projector and the demo, each in a thread, for as long as the block lasts."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        runs = [Projector(PROJECTIONS).run]
        if settings.DEMO:
            runs.append(Demo(watched=lambda: get_hub().connections > 0).run)
        self.threads = [threading.Thread(target=run, args=(self.stop,), daemon=True) for run in runs]

    def __enter__(self) -> None:
        for thread in self.threads:
            thread.start()

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        get_hub().close()
        close_listener()
        for thread in self.threads:
            thread.join()
        close_writer()


def address() -> tuple[str, int]:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not (port.isdecimal() and 0 < int(port) < 65_536):
        raise CommandError(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return host, int(port)


def administrator() -> Any:
    """Somebody who may do everything; made on the first start, and without a password: the link signs in."""
    users = get_user_model()._default_manager
    found = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if found is None:
        found = users.create_superuser(FIRST_ADMINISTRATOR)  # type: ignore[attr-defined]
    return found
