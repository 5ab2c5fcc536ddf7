"""The audit trail: actions of people on the system itself, as events with the user and the address.

    audit.record("token_revoked", "ada", "192.0.2.7", token="build server")

1. An audit event has no board, and is ingested like every event.
2. When `record` returns, the event is in the log or, while the log is unavailable, on disk, to be appended later with
   the same id. An action never fails because it could not be recorded, and waits at most `writer.APPEND_TIMEOUT_S`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from marcus_events.audit.actor import actor
from marcus_events.audit.writer import audit_writer
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import USER, source_of
from marcus_events.http.rejected_requests import MAX_ADDRESS, sanitise

COMMAND_LINE = "command line"  # who acts by a command of manage.py
MAX_NAME = 150  # characters, as Django has it of users
ENTITY_FIELDS = ("board_id", "task_id", "agent_id", "project_id")  # would make it an event of that board or task


def record(event_type: str, by: str, address: str = "", **data: Any) -> None:
    """Record an action. The address defaults to that of the current request."""
    where = address or actor().address
    stated = {"by": sanitise(by, MAX_NAME), "address": sanitise(where, MAX_ADDRESS)}
    stated |= {name.removesuffix("_id") if name in ENTITY_FIELDS else name: value for name, value in data.items()}
    event_id = f"audit_{uuid.uuid4().hex}"
    audit_writer().keep(Event(event_id, utc_now(), event_type, source_of(USER, stated["by"]), stated, {}))


def token_created(
    by: str,
    address: str,
    name: str,
    scopes: Iterable[str],
    boards: Iterable[str] = (),
    sources: Iterable[str] = (),
    **more: Any,
) -> None:
    """Record a new token with its scopes and limits, without its secret."""
    may = " and ".join(scopes)
    limits = {"boards": list(boards), "sources": list(sources)}
    record(EventTypes.TOKEN_CREATED, by, address, token=name, may=may, **limits, **more)


def address_of(request: HttpRequest) -> str:
    """Return the client's address, also behind a trusted proxy (see `config.middleware.proxy_headers`)."""
    return str(request.META.get("REMOTE_ADDR", ""))
