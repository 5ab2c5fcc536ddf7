"""The addresses that need no token: whether the process is well, and this description."""

from __future__ import annotations

from typing import Any

from marcus_events.api.description.operations import ANYBODY, JSON, NOBODY, Security, answered, content, unguarded
from marcus_events.api.description.responses import refer as problems
from marcus_events.api.description.schemas import ref
from marcus_events.api.health import MAX_LAG
from marcus_events.projections import PROJECTIONS

READY = {
    "log": {"ready": True, "head": 6},
    **{projection.name: {"ready": True, "lag": 0, "lag_s": 0.0, "behind": False} for projection in PROJECTIONS},
}
AWAY = {"log": {"ready": False, "reason": "the database does not respond"}}


def telling(
    operation_id: str,
    address: str,
    summary: str,
    described: str,
    answers: dict[str, Any],
    *,
    tag: str = "Health",
    security: list[Security] = NOBODY,
) -> dict[str, Any]:
    operation = unguarded(operation_id, address, summary, described, tag=tag, answers=answers, security=security)
    return {address: {"get": operation}}


PATHS: dict[str, Any] = {
    **telling(
        "isAlive",
        "/healthz",
        "Alive",
        "Responds while the process is alive.",
        {"200": answered("Alive.", content(JSON, ref("Health"), {"status": "ok"}))},
    ),
    **telling(
        "isReady",
        "/readyz",
        "Ready",
        f"Whether the server is ready, by component. A projection with a lag over {MAX_LAG:,} events is not ready. "
        "`behind` says that a projection is more than two seconds behind the log; the server can serve nevertheless.",
        {
            "200": answered("Ready.", content(JSON, ref("Readiness"), {"status": "ready", "parts": READY})),
            "503": answered("Not ready.", content(JSON, ref("Readiness"), {"status": "not ready", "parts": AWAY})),
        },
    ),
    **telling(
        "readMetrics",
        "/metrics",
        "Metrics",
        "For Prometheus: numbers only, never the content of events. With a token that has the scope `read` for all "
        "boards, the names of event types, handlers and subscriptions are included.",
        {"200": answered("The metrics.", content("text/plain", {"type": "string"}))}
        | problems("Unauthorized", "Forbidden", "TooManyRequests"),
        security=ANYBODY,
    ),
    **telling(
        "readOpenAPI",
        "/api/openapi.json",
        "OpenAPI",
        "This description, machine-readable.",
        {"200": answered("OpenAPI 3.1.", content(JSON, {"type": "object", "additionalProperties": True}))}
        | problems("TooManyRequests"),
        tag="Description",
    ),
    **telling(
        "readDocs",
        "/api/docs",
        "Documentation",
        "This description as a web page.",
        {"200": answered("An HTML page.", content("text/html", {"type": "string"}))} | problems("TooManyRequests"),
        tag="Description",
    ),
}
