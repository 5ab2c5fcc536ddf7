"""`manage.py marcus_proxy URL` or `marcus_proxy -- COMMAND`: stands in front of a Marcus, so that answers reach agents.

It starts without the database: agents always reach their Marcus. What they do is published when the database is there.
"""

from __future__ import annotations

import asyncio
import hashlib
import platform
import signal
import sqlite3
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from marcus_events.bus.spool import Spool, SpoolFailed
from marcus_events.core.lifecycle import stop_services
from marcus_events.http.worker_threads import DATABASE_ERRORS
from marcus_events.marcus_proxy.act_publisher import ActPublisher
from marcus_events.marcus_proxy.answers import Answers
from marcus_events.marcus_proxy.asked_questions import AskedQuestions
from marcus_events.marcus_proxy.board_choice import BoardChoice
from marcus_events.marcus_proxy.http_proxy import HttpProxy
from marcus_events.marcus_proxy.interception import Interception
from marcus_events.marcus_proxy.proxy_state import ProxyState
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

    def handle(
        self, *, marcus: list[str], host: str, port: int, board: str, allowed_host: list[str], **options: Any
    ) -> None:
        is_url = len(marcus) == 1 and "://" in marcus[0]
        if is_url and not is_http_url(marcus[0]):
            raise CommandError(NO_URL.format(marcus=marcus[0]))
        files = open_files(marcus, is_url=is_url)
        choice = BoardChoice(board)
        answers = Answers(files.questions, choice)
        state = ProxyState(files.proxy_id, shown_marcus(marcus[0], is_url=is_url), board, files.questions)

        def each_round(waiting: int) -> None:
            state.save(waiting)
            answers.record_deliveries()
            files.questions.prune()

        publisher = ActPublisher(
            files.spool, choice, note_followed=files.questions.note_followed, each_round=each_round
        )
        interception = Interception(publisher, files.questions, answers)
        end_in_order_on_signals()
        publisher.start()
        try:
            if is_url:
                proxy = HttpProxy(
                    marcus[0], interception, state, [*settings.ALLOWED_HOSTS, host, f"[{host}]", *allowed_host]
                )
                self.serve(proxy, host, port)
            else:
                sys.exit(asyncio.run(StdioProxy(marcus, interception, state).run()))
        except OSError as error:
            raise CommandError(str(error)) from error
        finally:
            publisher.stop_soon()
            publisher.stop()
            with suppress(DatabaseError, *DATABASE_ERRORS):
                state.save(publisher.waiting, has_ended=True)
            stop_services()
            files.close()

    def serve(self, proxy: HttpProxy, host: str, port: int) -> None:
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
        proxy.state.address = f"http://{host}:{socket.getsockname()[1]}{urlsplit(proxy.url).path}"
        self.stdout.write(READY.format(marcus=proxy.state.marcus, proxy=proxy.state.address))
        self.stdout.flush()
        asyncio.run(serve(uvicorn.Server(config), proxy, socket))


def end_in_order_on_signals() -> None:
    """Let SIGTERM and Ctrl-C end the command as an exception: uvicorn raises them again when it has stopped."""

    def exit_command(*_: object) -> None:
        raise SystemExit

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, exit_command)


async def serve(server: uvicorn.Server, proxy: HttpProxy, socket: Any) -> None:
    try:
        await server.serve([socket])
    finally:
        await proxy.close()


def shown_marcus(marcus: str, *, is_url: bool) -> str:
    """Return the URL without credentials, or the program without its arguments, which may contain some."""
    if not is_url:
        return marcus
    parts = urlsplit(marcus)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(frozen=True)
class ProxyFiles:
    """The files of a proxy. `proxy_id` is the same after a restart."""

    proxy_id: str
    spool: Spool
    questions: AskedQuestions

    def close(self) -> None:
        self.questions.close()
        self.spool.close()


def open_files(marcus: list[str], *, is_url: bool) -> ProxyFiles:
    """Open the files of the proxies of this Marcus, with the first spool that no running process uses.

    A command starts another Marcus in each folder. Raises CommandError.
    """
    named = marcus if is_url else [str(Path.cwd()), *marcus]
    folder: Path = settings.DATA_DIR / "marcus-proxy" / hashlib.sha256("\0".join(named).encode()).hexdigest()[:16]
    try:
        spool = Spool.claim(folder / "acts")
        questions = AskedQuestions(folder / "questions.db")
    except (SpoolFailed, sqlite3.Error, OSError) as error:
        raise CommandError(f"The files of the proxy in {folder} cannot be used: {error}") from error
    return ProxyFiles(f"{platform.node()} {spool.path}", spool, questions)
