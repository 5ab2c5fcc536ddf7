"""`manage.py marcus_proxy URL` or `marcus_proxy -- COMMAND`: stands in front of a Marcus, so that answers reach agents.

It starts without the database: agents always reach their Marcus. What they do is published when the database is there.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import sys
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events.bus.spool import Spool, SpoolBusy, SpoolFailed
from marcus_events.core.lifecycle import stop_services
from marcus_events.marcus_proxy.act_publisher import ActPublisher
from marcus_events.marcus_proxy.answers import Answers
from marcus_events.marcus_proxy.asked_questions import AskedQuestions
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.marcus_proxy.http_proxy import HttpProxy
from marcus_events.marcus_proxy.interception import Interception
from marcus_events.marcus_proxy.stdio_proxy import StdioProxy

PORT = 4297  # beside Marcus's own 4298 to 4300
STOP_WITHIN_S = 2  # open event streams are closed then
NO_URL = "{marcus} is not a URL such as http://127.0.0.1:4298/mcp. For a Marcus over stdio, write: -- COMMAND"
READY = "Marcus is at {marcus}. Point its agents at {proxy} instead."


class Command(BaseCommand):
    help = "Stands in front of a Marcus: shows what its agents do, and brings them the answers to their blockers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "marcus", nargs="+", help="URL of its MCP server, or after -- the command that starts it over stdio"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=PORT, help="port to listen on (default: %(default)s)")
        parser.add_argument(
            "--board",
            default="",
            metavar="NAME",
            help="name or id of the board, where no follower reads Marcus's files",
        )
        parser.add_argument(
            "--allowed-host", action="append", default=[], metavar="NAME", help="host name that agents may use as well"
        )

    def handle(self, *, marcus: list[str], host: str, port: int, board: str, **options: Any) -> None:
        is_url = len(marcus) == 1 and "://" in marcus[0]
        if is_url and not is_http_url(marcus[0]):
            raise CommandError(NO_URL.format(marcus=marcus[0]))
        spool, questions = open_files(" ".join(marcus))
        choice = BoardChoice(board)
        answers = Answers(questions, choice)
        publisher = ActPublisher(
            spool, choice, note_followed=questions.note_followed, each_round=answers.record_deliveries
        )
        interception = Interception(publisher, questions, answers)
        publisher.start()
        try:
            if is_url:
                allowed = [*settings.ALLOWED_HOSTS, host, *options["allowed_host"]]
                self.serve(marcus[0], host, port, interception, allowed)
            else:
                sys.exit(asyncio.run(StdioProxy(marcus, interception).run()))
        except OSError as error:
            raise CommandError(str(error)) from error
        finally:
            publisher.stop_soon()
            publisher.stop()
            stop_services()
            questions.close()
            spool.close()

    def serve(self, url: str, host: str, port: int, interception: Interception, allowed: list[str]) -> None:
        proxy = HttpProxy(url, interception, allowed)
        config = uvicorn.Config(
            proxy,
            host=host,
            port=port,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        socket = config.bind_socket()
        address = f"http://{host}:{socket.getsockname()[1]}{urlsplit(url).path}"
        self.stdout.write(READY.format(marcus=url, proxy=address))
        self.stdout.flush()
        asyncio.run(serve(uvicorn.Server(config), proxy, socket))


async def serve(server: uvicorn.Server, proxy: HttpProxy, socket: Any) -> None:
    try:
        await server.serve([socket])
    finally:
        await proxy.close()


def is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def open_files(marcus: str) -> tuple[Spool, AskedQuestions]:
    """Open the files of the proxy of this Marcus: the first ones that no running process uses. Raises CommandError."""
    folder = settings.DATA_DIR / "marcus-proxy" / hashlib.sha256(marcus.encode()).hexdigest()[:16]
    for number in count():
        place: Path = folder / str(number)
        try:
            return Spool(place / "acts.db"), AskedQuestions(place / "questions.db")
        except SpoolBusy:
            continue
        except (SpoolFailed, sqlite3.Error, OSError) as error:
            raise CommandError(f"The files of the proxy in {place} cannot be used: {error}") from error
    raise AssertionError("unreachable")
