"""GET /api/openapi.json and /api/docs: what this API does, for programs and for people.

Both are the same for everybody and tell no more than the published source does, so they need no sign-in: whoever is
about to write a program has no token yet.
"""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from marcus_events.api.description import description
from marcus_events.api.description.page import introduction, sections, shapes
from marcus_events.api.endpoint import endpoint
from marcus_events.models import Token


@endpoint(scope=None)
def openapi(request: HttpRequest, token: Token | None) -> HttpResponse:
    return JsonResponse(description())


@endpoint(scope=None)
def page(request: HttpRequest, token: Token | None) -> HttpResponse:
    return HttpResponse(rendered())


@cache
def rendered() -> str:
    return render_to_string(
        "api/docs.html", {"introduction": introduction(), "sections": sections(), "shapes": shapes()}
    )
