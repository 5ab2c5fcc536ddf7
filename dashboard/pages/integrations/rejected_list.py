"""The list of recently rejected requests and of accepted ones with warnings."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from marcus_events.http.rejected_requests import OTHERS
from marcus_events.log.clock_skew_report import ClockAhead, clocks_ahead
from marcus_events.models import RefusedRequest

MAX_SHOWN = 50  # rows


@dataclass(frozen=True)
class RejectedList:
    """`hidden` counts older kinds that are stored but not shown."""

    rows: list[RefusedRequest]
    hidden: int


def newest() -> RejectedList:
    found = list(RefusedRequest.objects.order_by("-last_at", "-id")[:MAX_SHOWN])
    for row in found:
        row.words = words(row.status)  # type: ignore[attr-defined]
        row.is_taken = row.status < HTTPStatus.BAD_REQUEST  # type: ignore[attr-defined]
        row.is_others = row.reason == OTHERS  # type: ignore[attr-defined]
    hidden = RefusedRequest.objects.count() - len(found) if len(found) == MAX_SHOWN else 0
    return RejectedList(found, hidden)


def clocks() -> list[ClockAhead]:
    """The sources whose clocks are ahead: their events are taken, with a warning."""
    return clocks_ahead()


def words(status: int) -> str:
    return HTTPStatus(status).phrase
