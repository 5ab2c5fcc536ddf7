"""Template tags and filters: icons, times, links, and sentences with links."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.headline import count
from dashboard.live.page_state import PageState
from marcus_events.core.clock_skew import describe_skew
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.sentences import SentencePart

register = template.Library()
plural = register.filter("plural", count)
register.filter("ahead_words", describe_skew)

CLOCKS = {
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "weekday": "%a %H:%M",
    "day": "%A %-d %B",
    "date": "%A %-d %B %Y",
    "full": "%Y-%m-%d %H:%M:%S UTC",
}
# Formats with a date, which includes a year other than this one. "short" is for lists and omits today's date; "stamp"
# is for tables; "axis" is for the marks of an axis, in two lines.
DATED = {"short": "{date}, {time}", "stamp": "{date}, {seconds}", "axis": "{time}\n{date}"}
SAME_DAY, SAME_WEEK = timedelta(hours=12), timedelta(days=6)  # within these, a time or a weekday is unambiguous
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.simple_tag
def icon(name: str) -> SafeString:
    """Render a symbol of the page's sprite, hidden from screen readers: adjacent text says what it means."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def span(length: timedelta | None) -> str:
    """Format a duration in its two largest units: "4 min", "2 h 5 min", "3 d 1 h"."""
    if length is None:
        return "–"
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    parts: list[str] = []
    for size, unit in UNITS:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append(f"{number} {unit}" if number else "")
    return " ".join(part for part in parts[:2] if part)


@register.simple_tag
def since(moment: datetime) -> SafeString:
    """Render how long ago a time was; the page keeps it up to date and shows the time itself on hover."""
    return time_element(moment, "since", span(utc_now() - moment))


@register.simple_tag
def clock(moment: datetime, form: str = "seconds") -> SafeString:
    """Render a time in the viewer's time zone (UTC without JavaScript). `form` is a key of CLOCKS or DATED."""
    return time_element(moment, form, format_dated(moment, form) if form in DATED else moment.strftime(CLOCKS[form]))


def format_dated(moment: datetime, form: str) -> str:
    now = utc_now()
    if form == "short" and moment.date() == now.date():
        return moment.strftime(CLOCKS["minutes"])
    date = moment.strftime("%-d %b" if moment.year == now.year else "%-d %b %Y")
    return DATED[form].format(
        date=date, time=moment.strftime(CLOCKS["minutes"]), seconds=moment.strftime(CLOCKS["seconds"])
    )


@register.simple_tag
def clock_ahead(event: RecordedEvent) -> SafeString | str:
    """Render by how much the producer's clock was ahead; nothing if it was not."""
    if event.clock_ahead is None:
        return ""
    title = f"Recorded at {event.recorded_at.strftime(CLOCKS['full'])}, which is the time that counts."
    return format_html('<span class="clock-ahead" title="{}">{}</span>', title, describe_skew(event.clock_ahead))


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """Format a future time with its day: "today 16:40", "tomorrow 10:00", "Fri 16:40", "Friday 4 December 2026"."""
    now = utc_now()
    if at - now >= SAME_WEEK:
        return clock(at, "date")
    day = {0: "today %H:%M", 1: "tomorrow %H:%M"}.get((at.date() - now.date()).days, CLOCKS["weekday"])
    return time_element(at, "ahead", at.strftime(day))


def time_element(moment: datetime, form: str, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-time="{}">{}</time>',
        moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        form,
        text,
    )


@register.simple_tag
def words(parts: list[SentencePart], event: RecordedEvent | None = None) -> SafeString:
    """Render a sentence with links. Names are isolated, because they may be written in any direction."""
    return format_html_join("", "{}", ((part_html(part, event),) for part in parts))


def part_html(part: SentencePart, event: RecordedEvent | None) -> SafeString:
    if part.kind == "time":
        return time_element(datetime.fromisoformat(part.id), "short", part.text)
    if part.kind == "text" or not part.id:
        return format_html("<bdi>{}</bdi>" if part.kind == "text" else "<b><bdi>{}</bdi></b>", part.text)
    return format_html('<a class="name" {}><bdi>{}</bdi></a>', link_to(part, event), part.text)


def link_to(part: SentencePart, event: RecordedEvent | None) -> SafeString:
    """Return the link of a part: to the event's own task, to a board, to an agent, or to the events of another task."""
    if event and part.kind == "task" and part.id == event.task_id:
        return task_link(event.board_id or "", part.id)
    if part.kind == "board":
        return format_html('href="{}"', reverse("board", args=[part.id]))
    if part.kind == "agent":
        return format_html('href="{}"', agent_url(part.id, (event and event.board_id) or ""))
    return format_html('href="{}"', activity(**{part.kind: part.id}))


def task_link(board_id: str, task_id: str) -> SafeString:
    """Return the attributes of a link to a task. Ids are in the query string, which can hold any text or no board."""
    query = task_query(board_id, task_id)
    return format_html('href="{}?{}" data-task="{}"', reverse("task"), query, query)


def task_query(board_id: str, task_id: str) -> str:
    return urlencode({name: value for name, value in (("board", board_id), ("task", task_id)) if value})


@register.simple_tag
def activity(**parameters: str) -> str:
    """Return the URL of Activity with these filters."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return reverse("activity") + (f"?{query}" if query else "")


@register.simple_tag
def agent_url(agent_id: str, board_id: str = "") -> str:
    """Return the URL of an agent's page; of the board's events if it is unknown. Agents of several boards may have the
    same id.
    """
    if not agent_id:
        return activity(board=board_id)
    return reverse("agent", args=[agent_id]) + (f"?{urlencode({'board': board_id})}" if board_id else "")


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], **changes: str) -> str:
    """Return the current page state's query string with changes: "?board=…", or "?"."""
    page_state: PageState = context["page_state"]
    return "?" + page_state.query(**changes)


@register.filter
def comma(number: int) -> str:
    return f"{number:,}"
