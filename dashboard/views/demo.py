"""Removing the demo is an event like any other: everybody's pages hear of it, and the log keeps it."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from marcus_events.core.event import Event, utc_now
from marcus_events.core.vocabulary import EventTypes
from marcus_events.ingest import ingest

DEMO_BOARD = "demo"


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    ingest([removal(request.user.get_username())])
    return redirect("now")


def removal(username: str) -> Event:
    return Event(
        event_id=f"demo-removed-{uuid4()}",
        timestamp=utc_now(),
        event_type=EventTypes.BOARD_REMOVED,
        source=f"user:{username}",
        data={"board_id": DEMO_BOARD, "reason": "removed"},
        metadata={"board_id": DEMO_BOARD},
    )
