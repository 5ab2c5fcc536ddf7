"""`manage.py mcp --stdio`: the tools for agents over standard input and output, for a client that starts its servers.

It needs the database and no running dashboard. The token comes from MARCUS_EVENTS_TOKEN, since everybody on the
machine can see the arguments of a command.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from mcp.server.stdio import stdio_server

from marcus_events.access import authentication
from marcus_events.access.authentication import Caller
from marcus_events.core.lifecycle import stop_services
from marcus_events.core.problem import Problem
from marcus_events.management.prepare_database import prepare_database
from marcus_events.mcp.tool_server import build_server

VARIABLE = "MARCUS_EVENTS_TOKEN"
ADDRESS = "stdio"  # in place of the network address of a caller
ONLY_STDIO = "Over HTTP, the tools are at /mcp of the running dashboard. State --stdio to serve them here."


class Command(BaseCommand):
    help = f"Serves the tools for agents (MCP) over standard input and output, with the token in {VARIABLE}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stdio", action="store_true", help="serve over standard input and output")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["stdio"]:
            raise CommandError(ONLY_STDIO)
        caller = Caller(ADDRESS, os.environ.get(VARIABLE, ""))
        prepare_database()
        try:
            check_token(caller)
            asyncio.run(serve(caller))
        finally:
            stop_services()


def check_token(caller: Caller) -> None:
    """Fail at the start, where a person sees the reason. Later, the agent reads it in the result of a tool."""
    if not caller.secret:
        raise CommandError(f"Set {VARIABLE} to a token: see “manage.py create_token”.")
    try:
        authentication.find_token(caller)
    except Problem as problem:
        raise CommandError(f"{VARIABLE}: {problem.detail}") from problem


async def serve(caller: Caller) -> None:
    server = build_server(caller)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
