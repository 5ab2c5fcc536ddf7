"""/healthz and /readyz, for monitoring. They reveal no secrets and need no sign-in."""

from __future__ import annotations

from http import HTTPStatus

from django.db import Error
from django.http import HttpRequest, JsonResponse

from marcus_events.api.resources import Liveness, PartState, Readiness
from marcus_events.log import read
from marcus_events.log.projection_lag import ProjectionLag, read_lags
from marcus_events.models import ProjectionName
from marcus_events.projections import PROJECTIONS

MAX_LAG = 10_000  # positions; further behind, pages show the past
# What it has not reached is looked for in the log itself; on a long log it is made in hours.
NEVER_IN_THE_WAY = ProjectionName.SEARCH


def healthz(request: HttpRequest) -> JsonResponse:
    """This process is alive."""
    return JsonResponse(Liveness(status="ok"))


def readyz(request: HttpRequest) -> JsonResponse:
    """This process can serve: each part with its state. 503 when one cannot."""
    parts = state_of_parts()
    is_ready = all(part["ready"] for part in parts.values())
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(Readiness(status="ready" if is_ready else "not ready", parts=parts), status=status)


def state_of_parts() -> dict[str, PartState]:
    """The lags are not the cached ones that slow publishers: they stand beside the head, which is read now."""
    try:
        head = read.head()
        lags = read_lags([projection.name for projection in PROJECTIONS])
    except Error:
        return {"log": {"ready": False, "reason": "the database does not respond"}}
    parts: dict[str, PartState] = {"log": {"ready": True, "head": head.position}}
    return parts | {name: state_of(name, lag) for name, lag in lags.items()}


def state_of(name: str, lag: ProjectionLag) -> PartState:
    return {
        "ready": lag.events <= MAX_LAG or name == NEVER_IN_THE_WAY,
        "lag": lag.events,
        "lag_s": round(lag.seconds, 1),
        "behind": lag.is_behind,
    }
