"""Is this server fit to hold the log? Refuse to start on one that would lose events or cannot run our SQL."""

from __future__ import annotations

from typing import Any

import psycopg

OLDEST_VERSION = 14  # of PostgreSQL; what the tests run against and what is still maintained


class UnfitServer(RuntimeError):
    """The PostgreSQL server cannot hold the log; the message says why and what to do."""


def check_server(connection: psycopg.Connection[Any]) -> None:
    """Raises UnfitServer with every reason at once."""
    if reasons := list(unfit(connection)):
        raise UnfitServer("This PostgreSQL server is unsuitable:\n" + "\n".join(f"- {r}" for r in reasons))


def unfit(connection: psycopg.Connection[Any]) -> list[str]:
    version = connection.info.server_version
    return [
        reason
        for is_unfit, reason in (
            (
                version < OLDEST_VERSION * 10_000,
                f"its version is {version // 10_000}, but {OLDEST_VERSION} or newer is required: upgrade the server",
            ),
            (
                setting(connection, "server_encoding") != "UTF8",
                f"the database's encoding is {setting(connection, 'server_encoding')}, not UTF8, which rejects "
                "some events: create it with ENCODING 'UTF8' TEMPLATE template0",
            ),
            (
                setting(connection, "fsync") != "on",
                "fsync is off, so a power failure loses acknowledged events: set fsync = on",
            ),
            (
                setting(connection, "synchronous_commit") == "off",
                "synchronous_commit is off, so a crash loses acknowledged events: set it to on",
            ),
        )
        if is_unfit
    ]


def setting(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(row[0]) if row else ""
