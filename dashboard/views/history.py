"""History: everything that ever happened, found again; and the whole of what was found as a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, StreamingHttpResponse

from dashboard.chips import can_be_read, chips
from dashboard.history import columns
from dashboard.history import export as exporting
from dashboard.history.facets import facets
from dashboard.icons import icon_of
from dashboard.look import Look
from dashboard.queries import choices
from dashboard.queries import history as asked
from dashboard.queries.histogram import during
from dashboard.queries.naming import named
from dashboard.sight import sight_of
from dashboard.views import page
from dashboard.views.activity import position
from marcus_events.core.event import EARLIEST, Recorded, utc_now
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.sentences import agent_name, board_name, sentence
from marcus_events.core.vocabulary import meaning_of
from marcus_events.log import read
from marcus_events.log.patience import TookTooLong

ROWS = 100  # of a page
RANGES = (
    ("Hour", timedelta(hours=1)),
    ("Day", timedelta(days=1)),
    ("Week", timedelta(weeks=1)),
    ("Month", timedelta(days=30)),
)
TOO_MUCH = (
    "Too much of the log would have to be searched for this. Narrow it: to a time (since:2h, or since: and until:), "
    "a type, a board, an agent or a task."
)
RETRY_AFTER_S = "30"


def history(request: HttpRequest) -> HttpResponse:
    look, head, now = Look.at("history", request.GET), read.head(), utc_now()
    paths, unread = columns.paths(look.columns)
    context: dict[str, Any] = {"paths": paths, "unread": unread, "error": ""}
    try:
        context |= result(request, look, paths, now)
    except InvalidFilter as invalid:
        context["error"] = str(invalid)
    except TookTooLong:
        context["error"] = TOO_MUCH
    context |= {"categories": choices.categories(), "chips": chips(look), "ranges": ranges(look, now)}
    context["since_kept"] = read.event(head.oldest) if head.oldest > 1 else None
    return page.render(request, "history/index.html", look, "History", head=head, **context)


def result(request: HttpRequest, look: Look, paths: list[str], now: datetime) -> dict[str, Any]:
    filtered = asked.chosen(look, sight_of(request.user))
    counted, is_capped = asked.facets(filtered)
    return {
        **rows(request, look, filtered, paths),
        "facets": facets(look, counted),
        "is_capped": is_capped,
        "cap": asked.FACET_CAP,
        "histogram": asked.over_time(look, filtered, now),
    }


def rows(request: HttpRequest, look: Look, filtered: EventFilter, paths: list[str]) -> dict[str, Any]:
    """A page of the result by position. Going back it is read the other way round, and turned."""
    newest_first = look.order != "oldest"
    after, before = position(request, "after"), position(request, "before")
    backwards = (after if newest_first else before) is not None
    found = asked.page(filtered, after=after, before=before, limit=ROWS, newest_first=newest_first != backwards)
    events = found.events[::-1] if backwards else found.events
    has_next = backwards or found.has_more
    has_previous = found.has_more if backwards else (before if newest_first else after) is not None
    down, up = ("before", "after") if newest_first else ("after", "before")
    return {
        "rows": [row(event, readable, paths) for event, readable in zip(events, named(events), strict=True)],
        "onwards": link(look, down, events[-1]) if events and has_next else "",
        "back": link(look, up, events[0]) if events and has_previous else "",
        "is_inside": after is not None or before is not None,
    }


def link(look: Look, name: str, event: Recorded) -> str:
    return f"{look.query()}&{name}={event.position}".lstrip("&")


def row(event: Recorded, readable: Recorded, paths: list[str]) -> dict[str, Any]:
    icon, tone = icon_of(event.event_type)
    return {
        "event": event,
        "icon": icon,
        "tone": tone,
        "title": meaning_of(event.event_type).title,
        "parts": sentence(readable),
        "board": board_name(readable) if event.board_id else "",
        "agent": agent_name(readable) if event.agent_id else "",
        "values": [(path, columns.shown(event, path)) for path in paths],
    }


def ranges(look: Look, now: datetime) -> list[tuple[str, str]]:
    """(words, query string): the look within the last hour, day and so on, as times that stay what they are."""
    if not can_be_read(look.q):
        return []
    end = now.replace(microsecond=0)
    return [
        (words, look.query(q=during(look.q, end - length, end + timedelta(seconds=1)))) for words, length in RANGES
    ] + [("All", look.query(q=without_times(look.q)))]


def without_times(query: str) -> str:
    return str(EventFilter(EventFilter.parse(query, now=EARLIEST).terms))


def export(request: HttpRequest) -> HttpResponseBase:
    """The whole result, whatever page of it is looked at."""
    look, form = Look.at("history", request.GET), request.GET.get("format", "csv")
    if form not in ("csv", "jsonl"):
        return HttpResponseBadRequest("The format is csv or jsonl.")
    try:
        filtered = asked.chosen(look, sight_of(request.user))
    except InvalidFilter as invalid:
        return HttpResponseBadRequest(str(invalid))
    if exporting.is_full():
        words = "Others are exporting already. Try again in half a minute."
        return HttpResponse(words, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_AFTER_S})
    return download(request, look, filtered, form)


def download(request: HttpRequest, look: Look, filtered: EventFilter, form: str) -> StreamingHttpResponse:
    head, paths = read.head().position, columns.paths(look.columns)[0]
    who = {"by": request.user.get_username(), "address": request.META.get("REMOTE_ADDR", ""), "query": look.query()}
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl"
    response = StreamingHttpResponse(exporting.Export(filtered, head, form, paths, who), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="history-{head}.{form}"'
    response["Cache-Control"] = "no-store"
    return response
