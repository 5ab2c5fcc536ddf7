"""The access table: every URL, and the responses to five people about a board that the outsider may not see.

A URL that is missing in the table fails a test: whoever adds one states here who may open it. Responses are for GET and
POST, to a stranger, an outsider, a viewer, a manager and an administrator, in this order. `in` means "sign in first".

/mcp is answered in front of Django and has no route: see tests/config/middleware/test_mcp_endpoint.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

ANYBODY, NOBODY = "200 200 200 200 200", "405 405 405 405 405"
SIGNED_IN = "in 200 200 200 200"
MEMBERS = "in 404 200 200 200"
NO_FORM = "in 405 405 405 405"
ADMINISTRATORS = "in 403 403 403 200"
PROGRAMS = "401 200 200 200 200"  # the API by session
NOT_THERE = "404 404 404 404 404"


@dataclass(frozen=True)
class Row:
    """`address` may name fields of `Places`. `data` is what is posted."""

    address: str
    get: str
    post: str
    data: dict[str, Any] = field(default_factory=dict)


TABLE = {
    "favicon.ico": Row("/favicon.ico", "301 301 301 301 301", "301 301 301 301 301"),
    "manifest.webmanifest": Row("/manifest.webmanifest", ANYBODY, NOBODY),
    "healthz": Row("/healthz", ANYBODY, NOBODY),
    "readyz": Row("/readyz", ANYBODY, NOBODY),
    "metrics": Row("/metrics", ANYBODY, NOBODY),
    # The API: reading takes a session too, publishing a token alone.
    "api": Row("/api", NOT_THERE, NOT_THERE),
    "api/": Row("/api/", NOT_THERE, NOT_THERE),
    "api/docs": Row("/api/docs", ANYBODY, NOBODY),
    "api/openapi.json": Row("/api/openapi.json", ANYBODY, NOBODY),
    "api/asyncapi.json": Row("/api/asyncapi.json", ANYBODY, NOBODY),
    "api/events": Row("/api/events?board=plot-7", "401 403 200 200 200", "401 401 401 401 401"),
    "api/events/<int:position>": Row("/api/events/{position}", "401 404 200 200 200", NOBODY),
    "api/events/wait": Row("/api/events/wait?timeout=0&after=0&board=plot-7", "401 403 200 200 200", NOBODY),
    "api/boards": Row("/api/boards", PROGRAMS, NOBODY),
    "api/tasks": Row("/api/tasks?board=plot-7", "401 403 200 200 200", NOBODY),
    "api/blockers": Row("/api/blockers", PROGRAMS, NOBODY),
    "api/agents": Row("/api/agents", PROGRAMS, NOBODY),
    "api/counters": Row("/api/counters", PROGRAMS, NOBODY),
    # Pages: of a board that is not seen there is nothing, and nothing is what they show.
    "": Row("/", SIGNED_IN, NO_FORM),
    "boards/": Row("/boards/", SIGNED_IN, NO_FORM),
    "boards/<id:board_id>/": Row("/boards/plot-7/", MEMBERS, NO_FORM),
    "tasks/": Row("/tasks/?board=plot-7&task=t-77", MEMBERS, NO_FORM),
    "activity/": Row("/activity/?board=plot-7", SIGNED_IN, NO_FORM),
    "activity/rows/": Row("/activity/rows/?after=0&board=plot-7", SIGNED_IN, NO_FORM),
    "activity/<int:position>/": Row("/activity/{position}/", MEMBERS, NO_FORM),
    "activity/<int:position>/narrow/": Row("/activity/{position}/narrow/", MEMBERS, NO_FORM),
    "blocked/": Row("/blocked/?board=plot-7", SIGNED_IN, NO_FORM),
    "blocked/<int:blocker_id>/": Row("/blocked/{blocker}/", MEMBERS, "in 404 403 302 302", {"act": "acknowledge"}),
    "blocked/several/": Row(
        "/blocked/several/?blockers={blocker}",
        "in 403 403 200 200",
        "in 403 403 409 409",  # it names no blocker: see tests/dashboard/pages/blocked/test_several.py
        {"act": "assign"},
    ),
    "blocked/<int:blocker_id>/state/": Row("/blocked/{blocker}/state/", MEMBERS, NO_FORM),
    "agents/": Row("/agents/?board=plot-7", SIGNED_IN, NO_FORM),
    "agents/<id:agent_id>/": Row("/agents/agent_77/?board=plot-7", MEMBERS, NO_FORM),
    "alerts/": Row("/alerts/", SIGNED_IN, SIGNED_IN),  # a form that lacks everything is shown again
    "alerts/missed/": Row("/alerts/missed/", SIGNED_IN, NO_FORM),
    "alerts/noted/": Row("/alerts/noted/", NO_FORM, "in 302 302 302 302"),
    "demo/remove/": Row("/demo/remove/", NO_FORM, "in 404 403 302 302"),
    # Manage. Who opens a form's own address is led to its page.
    "health/": Row("/health/?board=plot-7", SIGNED_IN, NO_FORM),
    "integrations/": Row("/integrations/", SIGNED_IN, NO_FORM),
    "integrations/check/": Row("/integrations/check/", "in 302 302 302 302", SIGNED_IN),
    "integrations/tokens/": Row("/integrations/tokens/", "in 302 302 302 302", ADMINISTRATORS),
    "integrations/tokens/<int:token_id>/revoke/": Row(
        "/integrations/tokens/999999/revoke/", "in 302 302 302 302", "in 403 403 403 404"
    ),
    "integrations/folders/": Row("/integrations/folders/", "in 302 302 302 302", ADMINISTRATORS, {"path": "/nowhere"}),
    "integrations/folders/<int:folder_id>/stop/": Row(
        "/integrations/folders/999999/stop/", "in 302 302 302 302", "in 403 403 403 404"
    ),
    "integrations/webhooks/": Row("/integrations/webhooks/", "in 302 302 302 302", ADMINISTRATORS, {"url": "nowhere"}),
    "integrations/webhooks/<int:webhook_id>/": Row(
        "/integrations/webhooks/999999/", "in 302 302 302 302", "in 403 403 403 404", {"act": "delete"}
    ),
    "account/": Row("/account/", SIGNED_IN, "in 302 302 302 302", {"act": "end-others"}),
    "account/password/": Row("/account/password/", "in 302 302 302 302", "in 422 422 422 422"),
    "people/": Row("/people/", ADMINISTRATORS, "in 403 403 403 422"),
    "people/<int:user_id>/": Row("/people/{outsider}/", ADMINISTRATORS, "in 403 403 403 422", {"act": "save"}),
    "audit/": Row("/audit/", ADMINISTRATORS, NO_FORM),
    "audit/verify/": Row("/audit/verify/", NO_FORM, "in 403 403 403 302"),
    "activity/<int:position>/redact/": Row(
        "/activity/999999/redact/", NO_FORM, "in 403 403 403 404", {"reason": "It names a customer"}
    ),
    "retention/": Row("/retention/", ADMINISTRATORS, ADMINISTRATORS),
    "retention/<int:policy_id>/": Row("/retention/999999/", "in 403 403 403 405", "in 403 403 403 404"),
    "retention/run/": Row("/retention/run/", "in 403 403 403 405", "in 403 403 403 302"),
    "find/": Row("/find/?q=plot-7", SIGNED_IN, NO_FORM),
    "history/": Row("/history/?board=plot-7", SIGNED_IN, NO_FORM),
    "history/newer/": Row("/history/newer/?after=0&board=plot-7", SIGNED_IN, NO_FORM),
    "history/complete/": Row("/history/complete/?word=task:t-7", SIGNED_IN, NO_FORM),
    "history/export/": Row("/history/export/?board=plot-7&format=jsonl", SIGNED_IN, NO_FORM),
    "history/exports/": Row("/history/exports/", SIGNED_IN, SIGNED_IN, {"export": "x"}),
    "history/saved/": Row("/history/saved/?board=plot-7", NO_FORM, "in 302 302 302 302", {"name": "mine"}),
    "history/saved/<int:search_id>/rename/": Row("/history/saved/999999/rename/", NO_FORM, "in 404 404 404 404"),
    "history/saved/<int:search_id>/delete/": Row("/history/saved/999999/delete/", NO_FORM, "in 404 404 404 404"),
    # The door.
    "sign-in/": Row("/sign-in/", "200 302 302 302 302", "200 302 302 302 302"),
    "sign-in/link/<path:secret>/": Row("/sign-in/link/x/", "410 410 410 410 410", "410 410 410 410 410"),
    "sign-out/": Row("/sign-out/", NO_FORM, "in in in in in"),
}
PUBLIC = {
    "favicon.ico",
    "manifest.webmanifest",
    "api/docs",
    "api/openapi.json",
    "api/asyncapi.json",
}  # the same for all: caches may keep it


@dataclass(frozen=True)
class ByToken:
    """The responses to each kind of token for GET and POST, in the order of `TOKENS`."""

    get: str
    post: str


# None at all, one that nobody made, one that was revoked, one that has expired; then by what it is for: to publish, to
# read, both on another board, both on this board, both on this board for another source.
TOKENS = ("none", "unknown", "revoked", "expired", "publisher", "reader", "outsider", "member", "impostor")
DESCRIPTION = ByToken(" ".join(["200"] * 9), " ".join(["405"] * 9))
MISSING = ByToken(" ".join(["404"] * 9), " ".join(["404"] * 9))
READING = ByToken("401 401 401 401 403 200 200 200 200", " ".join(["405"] * 9))
OF_THE_BOARD = ByToken("401 401 401 401 403 200 403 200 200", " ".join(["405"] * 9))
BY_TOKEN = {
    "api": MISSING,
    "api/": MISSING,
    "api/docs": DESCRIPTION,
    "api/openapi.json": DESCRIPTION,
    "api/asyncapi.json": DESCRIPTION,
    "api/events": ByToken("401 401 401 401 403 200 403 200 200", "401 401 401 401 201 403 403 201 403"),
    "api/events/<int:position>": ByToken("401 401 401 401 403 200 404 200 200", " ".join(["405"] * 9)),
    "api/events/wait": OF_THE_BOARD,
    "api/boards": READING,
    "api/tasks": OF_THE_BOARD,
    "api/blockers": READING,
    "api/agents": READING,
    "api/counters": READING,
}
ADMIN = "admin/"  # Django's own: its pages are many, and alike in who may open them
DOORS_OF_ADMIN = ("admin/login/", "admin/logout/")

# WebSockets: with what each is closed, or "open".
SOCKETS = {
    "ws/live/": "4401 open open open open",
    "ws/live": "4401 open open open open",
    "ws/events/": "4401 open open open open",
    "ws/events": "4401 open open open open",
    "": "refused refused refused refused refused",
}

LIVE, FOR_ADMINISTRATORS = "4401 open open open open", "4401 4403 4403 4403 open"

# The WebSocket of a page, by the page that it is asked for.
LIVE_PAGES = {
    "now": LIVE,
    "boards": LIVE,
    "board": LIVE,
    "board-dependencies": LIVE,
    "board-timeline": LIVE,
    "board-knowledge": LIVE,
    "task": LIVE,
    "activity": LIVE,
    "event": LIVE,
    "blocker": LIVE,
    "find": LIVE,
    "history": LIVE,
    "empty": LIVE,
    "alerts": LIVE,
    "no-boards": LIVE,
    "integrations": LIVE,
    "health": LIVE,
    "account": LIVE,
    "agents": LIVE,
    "agent": LIVE,
    "blocked": LIVE,
    "retention": FOR_ADMINISTRATORS,
    "people": FOR_ADMINISTRATORS,
    "audit": FOR_ADMINISTRATORS,
    "nothing": "4401 4404 4404 4404 4404",
}


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Yield every URL pattern that the resolver knows."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here
