"""History: search of all events, and export of results."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render as render_template
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.icons import icon_of
from dashboard.live.page_state import MAX_PARAMETER, PageState, replace_nul
from dashboard.live.visible_events import visible_filter
from dashboard.pages import page_view
from dashboard.pages.activity.active_filters import chips, is_valid_query
from dashboard.pages.activity.views import position
from dashboard.pages.history import columns, saved_searches
from dashboard.pages.history import export as exporting
from dashboard.pages.history import queries as asked
from dashboard.pages.history.facet_links import facets
from dashboard.queries import event_stream
from dashboard.queries.labels import named
from dashboard.visibility import visibility_of
from marcus_events.access.sessions import visibility_of_session
from marcus_events.audit import address_of
from marcus_events.core.event import EARLIEST, RecordedEvent, utc_now
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.sentences import agent_name, board_name, sentence
from marcus_events.log.statement_timeout import QueryTimeout

ROWS = 100  # per page
RANGES = (
    ("Hour", timedelta(hours=1)),
    ("Day", timedelta(days=1)),
    ("Week", timedelta(weeks=1)),
    ("Month", timedelta(days=30)),
)
TOO_MUCH = (
    "This search covers too much of the log. Narrow it by time (since:2h, or since: and until:), type, board, agent or "
    "task."
)
RETRY_AFTER_S = "30"
YOURS_RUNS = "One of your exports is still running. Wait for it to finish or cancel it in History, then export again."
OTHERS_RUN = f"{exporting.MAX_EXPORTS} other exports are running. Try again in 30 seconds."


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    return show(request)


def with_refusal(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """Show the page with the reason why a search could not be saved."""
    response = show(request, refused=words, name=request.POST.get("name", "")[:100])
    response.status_code = status
    return response


def show(request: HttpRequest, **written: str) -> HttpResponse:
    page_state, head, now = page_state_of(request), event_stream.head(), utc_now()
    paths, unread = columns.paths(page_state.columns)
    context: dict[str, Any] = {"paths": paths, "unread": unread, "error": "", **written}
    context["left_out"] = columns.omitted_columns(page_state.columns)
    try:
        context |= result(request, page_state, paths, now)
    except InvalidFilter as invalid:
        context["error"] = str(invalid)
    except QueryTimeout:
        context["error"] = TOO_MUCH
    context |= {
        "chips": chips(page_state),
        "ranges": ranges(page_state, now),
        "permalink": permalink(request, page_state, now),
    }
    context |= {
        "kept_since": event_stream.kept_since(),
        "saved": saved_searches.listed(request.user, page_state.visibility, page_state.p),
        "may_share": saved_searches.may_share(request.user),
    }
    return page_view.render(request, "history/index.html", page_state, "History", head=head, **context)


def page_state_of(request: HttpRequest) -> PageState:
    return PageState.from_query("history", request.GET, visibility_of(request.user))


def result(request: HttpRequest, page_state: PageState, paths: list[str], now: datetime) -> dict[str, Any]:
    filtered = visible_filter(page_state)
    found = asked.facets(filtered)
    return {
        **rows(request, page_state, filtered, paths),
        "facets": facets(page_state, found.by_field),
        "sampled": asked.SAMPLED_FIELDS if found.is_sampled else (),
        "sample": asked.SAMPLE,
        "is_capped": found.is_capped,
        "cap": asked.FACET_CAP,
        "histogram": asked.over_time(filtered, now, page_state.query_during, compare=bool(page_state.compare)),
        "may_compare": filtered.since is not None,
    }


def permalink(request: HttpRequest, page_state: PageState, now: datetime) -> str:
    """Return a permanent URL of this search: relative times such as since:2h become absolute."""
    fixed = str(EventFilter.parse(page_state.q, now=now)) if is_valid_query(page_state.q) else page_state.q
    return request.build_absolute_uri(f"{request.path}?{page_state.query(q=fixed, p='')}")


@require_safe
def newer(request: HttpRequest) -> HttpResponse:
    """Return a fragment with the number of matching events since the page was made."""
    page_state, after = page_state_of(request), position(request, "after") or 0
    try:
        count = asked.newer(visible_filter(page_state), after)
    except (InvalidFilter, QueryTimeout):
        count = 0
    return render_template(
        request, "history/_newer.html", {"page_state": page_state, "newer": count, "cap": asked.NEWER_CAP}
    )


@require_safe
def complete(request: HttpRequest) -> JsonResponse:
    """Return completions of the word being typed."""
    word = replace_nul(request.GET.get("word", ""))[:MAX_PARAMETER]
    try:
        return JsonResponse({"words": asked.completions(word, visibility_of(request.user))})
    except QueryTimeout:
        return JsonResponse({"words": []})


def rows(request: HttpRequest, page_state: PageState, filtered: EventFilter, paths: list[str]) -> dict[str, Any]:
    """Return a page of the result by position. The previous page is read in reverse and turned round."""
    newest_first = page_state.order != "oldest"
    after, before = position(request, "after"), position(request, "before")
    backwards = (after if newest_first else before) is not None
    found = asked.page(filtered, after=after, before=before, limit=ROWS, newest_first=newest_first != backwards)
    events = found.events[::-1] if backwards else found.events
    has_next = backwards or found.has_more
    has_previous = found.has_more if backwards else (before if newest_first else after) is not None
    down, up = ("before", "after") if newest_first else ("after", "before")
    return {
        "rows": [row(event, readable, paths) for event, readable in zip(events, named(events), strict=True)],
        "onwards": link(page_state, down, events[-1]) if events and has_next else "",
        "back": link(page_state, up, events[0]) if events and has_previous else "",
        "is_inside": after is not None or before is not None,
    }


def link(page_state: PageState, name: str, event: RecordedEvent) -> str:
    return f"{page_state.query()}&{name}={event.position}".lstrip("&")


def row(event: RecordedEvent, readable: RecordedEvent, paths: list[str]) -> dict[str, Any]:
    icon, tone = icon_of(event.event_type)
    return {
        "event": event,
        "icon": icon,
        "tone": tone,
        "title": meaning_of(event.event_type).title,
        "parts": sentence(readable),
        "board": board_name(readable) if event.board_id else "",
        "agent": agent_name(readable) if event.agent_id else "",
        "values": [(path, columns.format_cell(event, path)) for path in paths],
    }


def ranges(page_state: PageState, now: datetime) -> list[tuple[str, str]]:
    """Return (words, query string) for the last hour, day and so on, as absolute times."""
    if not is_valid_query(page_state.q):
        return []
    end = now.replace(microsecond=0)
    return [(words, page_state.query_during(end - length, end + timedelta(seconds=1))) for words, length in RANGES] + [
        ("All", page_state.query(q=without_times(page_state.q)))
    ]


def without_times(query: str) -> str:
    return str(EventFilter(EventFilter.parse(query, now=EARLIEST).terms))


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Download the whole result, whichever page of it is shown."""
    page_state, form = page_state_of(request), request.GET.get("format", "csv")
    if form not in ("csv", "jsonl"):
        return HttpResponseBadRequest("The format must be csv or jsonl.")
    try:
        filtered = visible_filter(page_state)
        expected = asked.expected(filtered)
    except (InvalidFilter, QueryTimeout) as error:
        return HttpResponseBadRequest(str(error) or TOO_MUCH)
    if exporting.running(request.user.get_username()):
        return no_room(request, page_state, YOURS_RUNS, HTTPStatus.TOO_MANY_REQUESTS)
    if not exporting.has_room():
        return no_room(request, page_state, OTHERS_RUN, HTTPStatus.SERVICE_UNAVAILABLE)
    return download(request, page_state, filtered, form, expected)


def no_room(request: HttpRequest, page_state: PageState, words: str, status: HTTPStatus) -> HttpResponse:
    response = page_view.render(request, "history/no_room.html", page_state, "Export", words=words)
    response.status_code = status
    response["Retry-After"] = RETRY_AFTER_S
    return response


def download(
    request: HttpRequest, page_state: PageState, filtered: EventFilter, form: str, expected: int | None
) -> StreamingHttpResponse:
    head, paths = event_stream.head().position, columns.paths(page_state.columns)[0]
    who = {"by": request.user.get_username(), "address": address_of(request), "query": page_state.query()}
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl"
    key, remote_user = request.session.session_key or "", getattr(request, "scope", {}).get("remote_user", "")

    def is_allowed() -> bool:
        return visibility_of_session(key, remote_user) == page_state.visibility

    file = exporting.Export(filtered, head, form, paths, who, expected, is_allowed)
    response = StreamingHttpResponse(file, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="history-{head}.{form}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """Return a fragment with the progress of one's exports. POST ends one."""
    mine = exporting.running(request.user.get_username())
    for one in mine:
        if request.method == "POST" and one.id == request.POST.get("export"):
            one.end(exporting.CANCELLED)
    return render_template(request, "history/_exports.html", {"exports": [one for one in mine if not one.is_ended]})
