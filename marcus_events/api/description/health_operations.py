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
    **{projection.name: {"ready": True, "lag": 0} for projection in PROJECTIONS},
}
AWAY = {"log": {"ready": False, "reason": "the database does not answer"}}


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
        "Answers while the process lives.",
        {"200": answered("Alive.", content(JSON, ref("Health"), {"status": "ok"}))},
    ),
    **telling(
        "isReady",
        "/readyz",
        "Ready",
        f"Whether it can serve, part by part. A table that is more than {MAX_LAG:,} events behind is not ready.",
        {
            "200": answered("Able to serve.", content(JSON, ref("Readiness"), {"status": "ready", "parts": READY})),
            "503": answered("Not able.", content(JSON, ref("Readiness"), {"status": "not ready", "parts": AWAY})),
        },
    ),
    **telling(
        "readMetrics",
        "/metrics",
        "Metrics",
        "For Prometheus: numbers, never what events say. A token with the scope `read` for every board is told the "
        "names of types, handlers and subscriptions too.",
        {"200": answered("The metrics.", content("text/plain", {"type": "string"}))}
        | problems("Unauthorized", "Forbidden", "TooManyRequests"),
        security=ANYBODY,
    ),
    **telling(
        "readOpenAPI",
        "/api/openapi.json",
        "OpenAPI",
        "This description, for programs.",
        {"200": answered("OpenAPI 3.1.", content(JSON, {"type": "object", "additionalProperties": True}))}
        | problems("TooManyRequests"),
        tag="Description",
    ),
    **telling(
        "readDocs",
        "/api/docs",
        "Documentation",
        "This description, for people.",
        {"200": answered("A page.", content("text/html", {"type": "string"}))} | problems("TooManyRequests"),
        tag="Description",
    ),
}
