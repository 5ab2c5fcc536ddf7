"""GET /api/openapi.json and /api/docs: what this API does, for programs and for people.

Both tell everybody the same, and no more than the published source does, so they need no sign-in: whoever is about to
write a program has no token yet.
"""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from marcus_events.api.description import description
from marcus_events.api.description.page import introduction, sections, shapes
from marcus_events.api.endpoint import endpoint
from marcus_events.models import Token

SAME_FOR_ALL = {"Cache-Control": "public, max-age=60"}


@endpoint(scope=None)
def openapi(request: HttpRequest, token: Token | None) -> HttpResponse:
    return JsonResponse(description(), headers=SAME_FOR_ALL)


@endpoint(scope=None)
def page(request: HttpRequest, token: Token | None) -> HttpResponse:
    return HttpResponse(rendered(request.build_absolute_uri("/").rstrip("/")), headers=SAME_FOR_ALL)


@lru_cache(maxsize=8)  # of the names under which others reach it, which are few
def rendered(site: str) -> str:
    return render_to_string(
        "api/docs.html", {"site": site, "introduction": introduction(), "sections": sections(), "shapes": shapes()}
    )
