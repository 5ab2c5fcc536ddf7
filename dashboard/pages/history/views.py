"""History: search of all events, and export of results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
from django.shortcuts import redirect
from django.shortcuts import render as render_template
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.icons import icon_of
from dashboard.live.page_state import MAX_PARAMETER, TIME_FIELDS, PageState, replace_nul, with_times
from dashboard.live.visible_events import visible_filter
from dashboard.pages import page_view
from dashboard.pages.activity.active_filters import chips, is_valid_query
from dashboard.pages.activity.views import position
from dashboard.pages.history import choices, columns, saved_searches
from dashboard.pages.history import export as exporting
from dashboard.pages.history import queries as asked
from dashboard.pages.history.facet_links import facets
from dashboard.queries import event_stream
from dashboard.queries.found_names import find_for_search
from dashboard.queries.labels import named
from dashboard.visibility import visibility_of
from marcus_events.access.sessions import visibility_of_session
from marcus_events.audit import address_of
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import DAYS, WEEKDAYS, EventFilter, InvalidFilter
from marcus_events.core.query_syntax import split_words
from marcus_events.core.sentences import agent_name, board_name, sentence, task_name
from marcus_events.log.statement_timeout import QueryTimeout

ROWS = 80  # per page
RANGES = (  # words, since, until: each stays relative to now
    ("Last hour", "1h", ""),
    ("Today", "today", ""),
    ("Yesterday", "yesterday", "today"),
    ("This week", "monday", ""),
    ("7 days", "7d", ""),
    ("30 days", "30d", ""),
    ("All time", "", ""),
)
TOO_MUCH = (
    "This search covers too much of the log. Narrow it by time (since:2h, or since: and until:), type, board, agent or "
    "task."
)
FORMATS = {"csv": "text/csv; charset=utf-8", "csv-raw": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
COLUMN_TITLES = {
    "type": "Type",
    "board": "Board",
    "agent": "Agent",
    "task": "Task",
    "source": "Source",
    "recorded": "Recorded",
    "position": "Position",
}
RETRY_AFTER_S = "30"
YOURS_RUNS = "One of your exports is still running. Wait for it to finish or cancel it in History, then export again."
OTHERS_RUN = f"{exporting.MAX_EXPORTS} other exports are running. Try again in 30 seconds."


@dataclass(frozen=True)
class TimeRange:
    """`in_zone` if it is made of days, which begin at midnight of the viewer."""

    words: str
    query: str
    is_chosen: bool
    in_zone: bool


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show the page, or redirect to what one of its forms chooses."""
    chosen = choices.chosen_query(page_state_of(request), request.GET)
    return show(request) if chosen is None else redirect(f"{request.path}?{chosen}")


def with_refusal(request: HttpRequest, words: str, status: int, renaming: int | None = None) -> HttpResponse:
    """Show the page with the reason why a search could not be saved, or renamed."""
    response = show(request, refused=words, name=request.POST.get("name", "")[:100], renaming=renaming)
    response.status_code = status
    return response


def show(request: HttpRequest, **written: Any) -> HttpResponse:
    page_state, head = page_state_of(request), event_stream.head()
    now = page_state.now
    paths, unread = columns.paths(page_state.columns)
    context: dict[str, Any] = {"paths": paths, "unread": unread, "error": "", **written}
    shown = columns.shown_columns(page_state.columns)
    context["shown"] = shown
    context["chooser"] = [(name, title, name in shown) for name, title in COLUMN_TITLES.items()]
    try:
        context |= result(request, page_state, paths, now)
    except InvalidFilter as invalid:
        context["error"] = str(invalid)
    except QueryTimeout:
        context["error"] = TOO_MUCH
    context |= {
        "chips": chips(page_state),
        "by_name": find_for_search(page_state.q, page_state.scope),
        "ranges": ranges(page_state),
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
        "dates": {
            "from": choices.local_fields(filtered.since, page_state),
            "to": choices.local_fields(filtered.until, page_state, is_end=True),
        },
    }


def permalink(request: HttpRequest, page_state: PageState, now: datetime) -> str:
    """Return a permanent URL of this search: relative times such as since:2h become absolute."""
    fixed = str(EventFilter.parse(page_state.q, now=now)) if is_valid_query(page_state.q) else page_state.q
    return request.build_absolute_uri(f"{request.path}?{page_state.query(q=fixed, p='', zone='')}")


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
        "offered": columns.offered_paths(events, paths),
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
        "task": task_name(readable) if event.task_id else "",
        "values": [(path, columns.format_cell(event, path)) for path in paths],
    }


def ranges(page_state: PageState) -> list[TimeRange]:
    """Return the ranges, as words of the query that stay relative."""
    if not is_valid_query(page_state.q):
        return []
    times = sorted(word for word in split_words(page_state.q) if word.startswith(TIME_FIELDS))
    found = []
    for words, since, until in RANGES:
        query = with_times(page_state.q, since, until)
        is_chosen = times == sorted(word for word in split_words(query) if word.startswith(TIME_FIELDS))
        in_zone = bool({since, until} & {*DAYS, *WEEKDAYS})
        found.append(TimeRange(words, page_state.query(q=query), is_chosen, in_zone))
    return found


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Download the whole result, whichever page of it is shown."""
    page_state, form = page_state_of(request), request.GET.get("format", "csv")
    if form not in FORMATS:
        return HttpResponseBadRequest("The format must be csv, csv-raw or jsonl.")
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
    key, remote_user = request.session.session_key or "", getattr(request, "scope", {}).get("remote_user", "")

    def is_allowed() -> bool:
        return visibility_of_session(key, remote_user) == page_state.visibility

    file = exporting.Export(filtered, head, form, paths, who, expected, is_allowed, page_state.zone)
    response = StreamingHttpResponse(file, content_type=FORMATS[form])
    response["Content-Disposition"] = f'attachment; filename="history-{head}.{form.removesuffix("-raw")}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """Return a fragment with the progress of one's exports. POST ends one."""
    mine = exporting.running(request.user.get_username())
    for one in mine:
        if request.method == "POST" and one.id == request.POST.get("export"):
            one.end(exporting.CANCELLED)
    going_on = [one for one in mine if not one.is_ended]
    ended = None if going_on else exporting.last_ended(request.user.get_username())
    return render_template(request, "history/_exports.html", {"exports": going_on, "ended": ended})
