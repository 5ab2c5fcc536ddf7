"""/find/: answers the palette with a fragment, and everybody else with a page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState, replace_nul
from dashboard.pages import page_view
from dashboard.pages.find.destinations import destinations
from dashboard.pages.find.recent import recent
from dashboard.pages.find.results import results
from dashboard.visibility import Scope, visibility_of

MAX_TEXT = 200  # characters


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Show what the text names; without a text, recent things, pages and actions."""
    scope, text = Scope(visibility_of(request.user)), replace_nul(request.GET.get("q", ""))[:MAX_TEXT].strip()
    context: dict[str, Any] = {"text": text, "is_palette": bool(request.headers.get("X-Drawer"))}
    if text:
        context["found"] = results(text, request.user, scope)
    else:
        lately = recent(request.GET.getlist("recent"), scope)
        context["found"] = [*lately, *(item for item, _ in destinations(request.user))]
        context["lately"] = len(lately)
    if context["is_palette"]:
        return render_template(request, "find/_results.html", context)
    return page_view.render(request, "find/index.html", PageState("find", q=text), "Find", **context)
