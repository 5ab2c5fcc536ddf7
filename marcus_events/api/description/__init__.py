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
from marcus_events.api.description.query_schemas import PARAMETERS
from marcus_events.api.description.responses import ANSWERS, HEADERS

TITLE = "Marcus Events"
VERSION = "1"
INTRODUCTION = """\
Publish events, read the log, and query current and past state. Everything is JSON in UTF-8. Events can also be sent \
and received as CloudEvents. Responses may gain fields; documented fields stay.

Programs authenticate with a token. Create one with `./manage.py create_token NAME` or, as an administrator, under \
Integrations. People who are signed in to the dashboard can open the read endpoints in the browser. Publishing always \
requires a token.

Every GET endpoint supports HEAD, and every endpoint supports OPTIONS. Errors are problem+json (RFC 9457): `title`, \
`status` and `detail`, which explains how to fix the problem. The server responds with 408, 414 or 431 before \
handling a request that arrives too slowly, or whose URL or headers are too long."""
TAGS = (
    ("Publish", "Publish events. The response is sent after the commit."),
    ("Read", "Read the log by filter and position."),
    ("Present and past", "Boards, tasks, blockers, agents and counts, now or at a past time."),
    ("Health", "For monitoring. No token needed."),
    ("Description", "This document. No token needed."),
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
        "description": "A dashboard session. It can read but not publish.",
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
