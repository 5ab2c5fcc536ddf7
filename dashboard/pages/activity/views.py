"""Activity: the stream of events with filters, rows loaded later, and the page of one event."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render as render_template
from django.views.decorators.http import require_safe

from dashboard import icons
from dashboard.json_tree import folded
from dashboard.live import row_cache
from dashboard.live.page_state import PageState
from dashboard.live.visible_events import visible_filter
from dashboard.pages import page_view
from dashboard.pages.activity import filter_links, queries
from dashboard.pages.activity.active_filters import chips
from dashboard.pages.boards.tabs import tab_links
from dashboard.queries import event_stream, filter_choices
from dashboard.queries.found_names import find_for_search
from dashboard.queries.labels import named
from dashboard.visibility import Visibility, visibility_of
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import InvalidFilter
from marcus_events.core.sentences import agent_name, as_text, board_name, sentence, task_name
from marcus_events.log.statement_timeout import QueryTimeout

MAX_COPIED = 200_000  # characters of an event that is offered to be copied
TOO_MUCH = (
    "This search covers too much of the log. Narrow it by time (since:2h, or since: and until:), type, board, agent or "
    "task. New matching events still appear here."
)


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show the newest events, or those before a position. Explains an invalid query in place."""
    page_state, head = PageState.from_query("activity", request.GET, visibility_of(request.user)), event_stream.head()
    try:
        rows, error = event_stream.opening(visible_filter(page_state), before=position(request, "before")), ""
    except InvalidFilter as invalid:
        rows, error = event_stream.StreamRows([]), str(invalid)
    except QueryTimeout:
        rows, error = event_stream.StreamRows([]), TOO_MUCH
    return page_view.render(
        request,
        "activity/index.html",
        page_state,
        "Activity",
        head=head,
        rows=row_cache.rows_html(rows.events, head),
        older=rows.older,
        error=error,
        kept_since=event_stream.kept_since(),
        tabs=tab_links(page_state.board) if page_state.board else [],
        tab="activity",
        **filters(page_state),
    )


def filters(page_state: PageState) -> dict[str, Any]:
    return {
        "categories": filter_choices.categories(),
        "types": filter_choices.types(page_state.scope, page_state.type),
        "agents": filter_choices.agents(page_state.scope, page_state.agent),
        "chips": chips(page_state),
        "by_name": find_for_search(page_state.q, page_state.scope),
    }


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Return a fragment with the rows after a position (and a gap if there are too many), or before one."""
    page_state = PageState.from_query("activity", request.GET, visibility_of(request.user))
    after, before = position(request, "after"), position(request, "before")
    try:
        chosen = visible_filter(page_state)
    except InvalidFilter as invalid:
        return HttpResponseBadRequest(str(invalid))
    head = event_stream.head()
    try:
        found = (
            event_stream.opening(chosen, before=before)
            if after is None
            else event_stream.between(chosen, after, before)
        )
    except QueryTimeout:
        return HttpResponse(TOO_MUCH, status=HTTPStatus.SERVICE_UNAVAILABLE)
    html = row_cache.rows_html(found.events, head)
    if found.gap:
        html += row_cache.render_gap(found.gap, page_state)
    context = {"rows": html, "older": found.older, "head": head, "page_state": page_state, "is_older": after is None}
    return render_template(request, "stream/_rows.html", context)


def position(request: HttpRequest, name: str) -> int | None:
    """Parse a position from the URL; None if it is missing or invalid."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None


@require_safe
def event(request: HttpRequest, position: int) -> HttpResponse:
    return show_event(request, position)


def show_event(request: HttpRequest, position: int, **written: str) -> HttpResponse:
    """Show an event as a page, or as the content of the drawer.

    `written` has the input and the error of its redaction form.
    """
    visibility = visibility_of(request.user)
    found = get_event_or_404(position, visibility)
    page_state = PageState.of_board("event", request.GET, visibility)
    choices = filter_links.choices(PageState.from_query("activity", request.GET), *named([found]))
    context = detail(found, visibility) | written | {"choices": choices}
    if request.headers.get("X-Drawer"):
        return render_template(request, "activity/_event.html", context | {"page_state": page_state})
    return page_view.render(request, "activity/event.html", page_state, as_text(context["parts"]), **context)


@require_safe
def narrow(request: HttpRequest, position: int) -> HttpResponse:
    """Return a fragment with links that filter for events like this one, or for all others."""
    found = get_event_or_404(position, visibility_of(request.user))
    chosen = filter_links.choices(PageState.from_query("activity", request.GET), *named([found]))
    return render_template(request, "activity/_narrow.html", {"choices": chosen})


def get_event_or_404(position: int, visibility: Visibility) -> RecordedEvent:
    if found := queries.event(position, visibility):
        return found
    raise Http404(f"Event {position} does not exist.")


def detail(found: RecordedEvent, visibility: Visibility) -> dict[str, Any]:
    [readable] = named([found])
    icon, tone = icons.icon_of(found.event_type)
    related = queries.related(found, visibility)
    return {
        "event": found,
        "icon": icon,
        "tone": tone,
        "parts": sentence(readable),
        "meaning": meaning_of(found.event_type),
        "task_name": task_name(readable),
        "agent_name": agent_name(readable),
        "board_name": board_name(readable) if found.board_id else "",
        "contents": [
            (title, folded(value) or json.dumps(value, indent=2, ensure_ascii=False))
            for title, value in (("Data", found.data), ("Metadata", found.metadata))
            if value or title == "Data"
        ],
        "json": as_json(found),
        "cause": event_and_text(related.cause) if related.cause else None,
        "cause_id": queries.cause_id(found),
        "redaction": related.redaction,
        "thinned": related.thinned,
        "effects": [event_and_text(effect) for effect in related.effects],
    }


def as_json(found: RecordedEvent) -> str:
    """Return the event as the API does, to be copied; "" if it is large."""
    text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False)
    return text if len(text) <= MAX_COPIED else ""


def event_and_text(readable: RecordedEvent) -> dict[str, Any]:
    return {"event": readable, "text": as_text(sentence(readable))}
