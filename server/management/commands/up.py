"""`manage.py up`: web server and workers, each in a process of its own; `make run` runs it.

1. Bind the port first, so that a port in use is reported before anything is prepared.
2. Migrate the database and collect static files.
3. Run WEB_PROCESSES web processes, which accept connections from the same port, and a worker, until SIGTERM or Ctrl-C.
   `server.supervisor` restarts a process that ends by itself.
4. The first web process prints the greeting, with a sign-in link for the administrator.
5. At the end each process finishes its current step. Killing it at any moment loses nothing either.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shlex
import signal
import socket
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils.module_loading import import_string

from dashboard.pages.sign_in.one_time_links import one_time_path
from marcus_events import audit
from marcus_events.core.event_types import EventTypes
from marcus_events.management.prepare_database import prepare_database, warn_of_root
from server.address import LOCALLY, listening, site
from server.limits import SEND_BUFFER_BYTES
from server.services import DEMO, WEB, WORK, run_until_stopped, running
from server.supervisor import ProcessRole, Supervisor, prepare_fork

FIRST_ADMINISTRATOR = "admin"
BACKLOG = 128  # connections waiting to be accepted; a browser opens six at once
COLLECT_AFTER = (5_000, 10, 50)  # objects per generation; collecting the oldest stops all threads for 0.1 s
GREETING = """
  Marcus Events is live at {site}/

  Sign in (once)    {link}
  New sign-in link  {there}./manage.py login_link {user}
  Follow Marcus     {site}/integrations/
  Stop              Ctrl-C
"""
DATA_DIR = "MARCUS_DATA_DIR"  # DATABASE_URL is never printed: it can hold a password
OTHER_NAMES = """
  Reachable as {names} only. To allow other names, set MARCUS_ALLOWED_HOSTS=a.example,10.0.0.7.
"""


class Command(BaseCommand):
    help = "Serves the dashboard and the API on HOST (127.0.0.1) and PORT (8000), with all workers."

    def handle(self, *args: Any, **options: Any) -> None:
        with listen(*listening()) as listener:
            prepare_database()
            warn_of_root(self)
            collect_static_files()
            application = import_string(settings.ASGI_APPLICATION)
            serve = partial(self.serve, application, listener)
            more = [ProcessRole(f"web {n}", serve) for n in range(2, settings.WEB_PROCESSES + 1)]
            close_database()
            prepare_fork()
            Supervisor([ProcessRole("web", partial(serve, greet=True)), *more, ProcessRole("worker", self.work)]).run()

    def serve(self, application: Any, listener: socket.socket, is_first: bool, *, greet: bool = False) -> None:
        """Run Daphne on the listener, and the services of a web process.

        Imports Daphne here because importing it installs Twisted's reactor. Twisted closes the socket itself; closing
        it again could close another file with the same number.
        """
        from server.daphne_server import DaphneServer

        gc.collect()
        gc.freeze()  # imported objects stay; collecting them would stop all threads for 0.2 s each time
        gc.set_threshold(*COLLECT_AFTER)
        with running(*WEB, *[DEMO] * settings.DEMO):
            DaphneServer(
                application,
                endpoints=[f"fd:fileno={listener.detach()}"],
                ready_callable=self.greet if greet and is_first else None,
                verbosity=0,
            ).run()
            signal.set_wakeup_fd(-1)  # Twisted has closed its end of the wakeup pipe, which a signal would write to

    def work(self, is_first: bool) -> None:
        run_until_stopped(*WORK)

    def greet(self) -> None:
        user = administrator()
        audit.record(EventTypes.SIGN_IN_LINK_MADE, audit.COMMAND_LINE, user=user.get_username())
        words = {"site": site(), "link": site() + one_time_path(user), "user": user.get_username()}
        self.stdout.write(GREETING.format(**words, there=given("HOST", "PORT", DATA_DIR)))
        if listening()[0] in LOCALLY and "MARCUS_ALLOWED_HOSTS" not in os.environ:
            self.stdout.write(OTHER_NAMES.format(names=", ".join(settings.ALLOWED_HOSTS)))
        self.stdout.flush()


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=host == "::")
    except OSError as error:
        reason = str(error.strerror or error).partition(" (")[0]  # the rest repeats the address
        advice = f"Set PORT or HOST to use another one, such as PORT={port + 1}."
        raise CommandError(f"Port {port} on {host} cannot be used: {reason}. {advice}") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # connections inherit it
    return listener


def collect_static_files() -> None:
    """Collect under a lock: two processes at once would delete each other's files."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call_command("collectstatic", verbosity=0, interactive=False)


def close_database() -> None:
    """Close every connection of this process, and the pool with its threads: none may be shared with a fork."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # the stubs do not know PostgreSQL's pool


def administrator() -> User:
    """Return an administrator, creating one without a password on the first start: the link signs in."""
    found = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    return found or User.objects.create_superuser(FIRST_ADMINISTRATOR)


def given(*names: str) -> str:
    """Return this shell's settings as assignments that another shell needs to reach the same data and address."""
    return "".join(f"{name}={shlex.quote(os.environ[name])} " for name in names if os.environ.get(name))
