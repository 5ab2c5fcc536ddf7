"""What every HTTP address does, as OpenAPI 3.1: the one source of /api/openapi.json, /api/docs and many of the tests.

Numbers and names come from the code that keeps to them. Tests send what is described here and compare the answers, so
what is wrong here fails there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from marcus_events.api.description import (
    health_operations,
    log_operations,
    publish_operations,
    schemas,
    state_operations,
)
from marcus_events.api.description.operations import PARAMETERS
from marcus_events.api.description.responses import ANSWERS, HEADERS

TITLE = "Marcus Events"
VERSION = "1"
INTRODUCTION = """\
Publish events, read the log, ask for the present and the past. Everything is JSON in UTF-8; events are also taken and \
given as CloudEvents. Fields may be added to answers; those that are named here stay.

A program shows a token with every request, which `./manage.py create_token NAME` prints, or an administrator makes on \
the page Integrations. A person who is signed in to the dashboard may open the addresses for reading in the browser; \
publishing always takes a token.

Every address that knows GET also knows HEAD, and every one knows OPTIONS. Errors are problem+json (RFC 9457): \
`title`, `status`, and `detail`, which says what to do about it. The server itself answers \
408, 414 and 431 before anybody has looked at the request: it came too slowly, or its address or headers are too \
long."""
TAGS = (
    ("Publish", "Events go in; the answer comes after the commit."),
    ("Read", "The log, by filter and by position."),
    ("Present and past", "What is so now, or was at a moment: boards, tasks, blockers, agents, counts."),
    ("Health", "For whoever watches over the process. These need no token."),
    ("Description", "This document. It tells nothing secret and needs no token."),
)
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "`Authorization: Bearer mev_…`, with the scope `publish` or `read`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A person who is signed in to the dashboard: reads, and never publishes.",
    },
}


@cache
def description() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "summary": "The HTTP API", "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS],
        "paths": {**publishing_and_reading(), **state_operations.PATHS, **health_operations.PATHS},
        "components": {
            "schemas": schemas.SCHEMAS,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": ANSWERS,
            "securitySchemes": SECURITY,
        },
    }


def publishing_and_reading() -> dict[str, Any]:
    """Both at /api/events."""
    return log_operations.PATHS | {
        "/api/events": publish_operations.PATHS["/api/events"] | log_operations.PATHS["/api/events"]
    }
