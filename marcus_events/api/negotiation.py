"""Events as the caller likes them: our own JSON, or CloudEvents where `Accept` asks for those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.core.event import RecordedEvent
from marcus_events.http import cloudevents

NATIVE = "application/json"


def wants(request: HttpRequest, media_type: str) -> bool:
    """Of what cannot be read, nothing is wanted."""
    try:
        return request.get_preferred_type([NATIVE, media_type]) == media_type
    except ValueError:
        return False


def one(request: HttpRequest, recorded: RecordedEvent) -> HttpResponse:
    if wants(request, cloudevents.STRUCTURED):
        return JsonResponse(cloudevents.to_structured(recorded), content_type=cloudevents.STRUCTURED)
    return JsonResponse(recorded.to_dict())


def page(request: HttpRequest, events: Sequence[RecordedEvent], following: dict[str, int], head: int) -> HttpResponse:
    """`following` is the parameter by which the next page is asked for, if there is one.

    A batch of CloudEvents is an array and nothing else, so for those the way on stands in headers.
    """
    if not wants(request, cloudevents.BATCH):
        cursor = next(iter(following.values()), None)
        return JsonResponse({"events": [found.to_dict() for found in events], "next": cursor, "head": head})
    batch = [cloudevents.to_structured(found) for found in events]
    response = JsonResponse(batch, safe=False, content_type=cloudevents.BATCH, headers={"Marcus-Head": str(head)})
    if following:
        response["Link"] = f'<{request.path}?{address_of(request, following)}>; rel="next"'
    return response


def address_of(request: HttpRequest, following: dict[str, int]) -> str:
    query: dict[str, Any] = {**dict(request.GET.lists()), **following}
    return urlencode(query, doseq=True)
