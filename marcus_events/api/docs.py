"""GET /api/openapi.json and /api/docs: what this API does, for programs and for people.

Both tell everybody the same, and no more than the published source does, so they need no sign-in: whoever is about to
write a program has no token yet.
"""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.html import escape

from marcus_events.api.description import description
from marcus_events.api.description.docs_page import introduction, sections, shapes
from marcus_events.api.endpoint import endpoint
from marcus_events.models import Token

SITE = "https://site.invalid"  # stands for the name under which the page is asked for
SAME_FOR_ALL = {"Cache-Control": "public, max-age=60"}


@endpoint(scope=None)
def openapi(request: HttpRequest, token: Token | None) -> HttpResponse:
    return JsonResponse(description(), headers=SAME_FOR_ALL)


@endpoint(scope=None)
def page(request: HttpRequest, token: Token | None) -> HttpResponse:
    site = escape(request.build_absolute_uri("/").rstrip("/"))
    return HttpResponse(rendered().replace(SITE, site), headers=SAME_FOR_ALL)


@cache
def rendered() -> str:
    """The page as everybody is sent it: nothing that is kept depends on what a client says."""
    return render_to_string(
        "api/docs.html", {"site": SITE, "introduction": introduction(), "sections": sections(), "shapes": shapes()}
    )
