"""What templates need beyond Django: icons, times, and the parts of a sentence."""

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
from marcus_events.core.clock_skew import ahead_words
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.sentences import SentencePart

register = template.Library()
plural = register.filter("plural", count)
register.filter("ahead_words", ahead_words)

CLOCKS = {
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "weekday": "%a %H:%M",
    "day": "%A %-d %B",
    "date": "%A %-d %B %Y",
    "full": "%Y-%m-%d %H:%M:%S UTC",
}
# Forms with a date, and with its year where that is not this one: "short" for a time in a list (today's has none), and
# "axis" for the marks of an axis, in two lines.
DATED = {"short": "{date}, {time}", "axis": "{time}\n{date}"}
SAME_DAY, SAME_WEEK = timedelta(hours=12), timedelta(days=6)  # within which a time, or a weekday, is not mistaken
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of the sprite in the page. The words beside it say what it means."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def span(length: timedelta | None) -> str:
    """A length of time in its two largest units: "4 min", "2 h 5 min", "3 d 1 h"."""
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
    """How long ago, kept up to date by the page; the time itself on hover."""
    return timed(moment, "since", span(utc_now() - moment))


@register.simple_tag
def clock(moment: datetime, form: str = "seconds") -> SafeString:
    """A time in the viewer's time zone; UTC without JavaScript. `form` is one of CLOCKS or DATED."""
    return timed(moment, form, dated(moment, form) if form in DATED else moment.strftime(CLOCKS[form]))


def dated(moment: datetime, form: str) -> str:
    now = utc_now()
    if form == "short" and moment.date() == now.date():
        return moment.strftime(CLOCKS["minutes"])
    date = moment.strftime("%-d %b" if moment.year == now.year else "%-d %b %Y")
    return DATED[form].format(date=date, time=moment.strftime(CLOCKS["minutes"]))


@register.simple_tag
def clock_ahead(event: RecordedEvent) -> SafeString | str:
    """That the event's timestamp lies in the future, since its producer's clock was ahead; nothing where it was not."""
    if event.clock_ahead is None:
        return ""
    title = f"Recorded at {event.recorded_at.strftime(CLOCKS['full'])}, which is the time that counts."
    return format_html('<span class="clock-ahead" title="{}">{}</span>', title, ahead_words(event.clock_ahead))


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """A time to come, no longer than it takes to tell the day: "16:40", "Fri 16:40", "Friday 4 December 2026"."""
    ahead = at - utc_now()
    return clock(at, "minutes" if ahead < SAME_DAY else "weekday" if ahead < SAME_WEEK else "date")


def timed(moment: datetime, form: str, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-time="{}">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        form,
        text,
    )


@register.simple_tag
def words(parts: list[SentencePart], event: RecordedEvent | None = None) -> SafeString:
    """A sentence, with what it names as links. Names are isolated: they may be written in any direction."""
    return format_html_join("", "{}", ((as_html(part, event),) for part in parts))


def as_html(part: SentencePart, event: RecordedEvent | None) -> SafeString:
    if part.kind == "text" or not part.id:
        return format_html("<bdi>{}</bdi>" if part.kind == "text" else "<b><bdi>{}</bdi></b>", part.text)
    return format_html('<a class="name" {}><bdi>{}</bdi></a>', link_to(part, event), part.text)


def link_to(part: SentencePart, event: RecordedEvent | None) -> SafeString:
    """The event's own task opens. Of another, which may not be known here, and of an agent one sees the events."""
    if event and part.kind == "task" and part.id == event.task_id:
        return task_link(event.board_id or "", part.id)
    if part.kind == "board":
        return format_html('href="{}"', reverse("board", args=[part.id]))
    return format_html('href="{}"', activity(**{part.kind: part.id}))


def task_link(board_id: str, task_id: str) -> SafeString:
    """The attributes of a link to a task. Ids stand in the query, where any text can; so can a task of no board."""
    query = task_query(board_id, task_id)
    return format_html('href="{}?{}" data-task="{}"', reverse("task"), query, query)


def task_query(board_id: str, task_id: str) -> str:
    return urlencode({name: value for name, value in (("board", board_id), ("task", task_id)) if value})


@register.simple_tag
def activity(**parameters: str) -> str:
    """The address of Activity with these filters."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return reverse("activity") + (f"?{query}" if query else "")


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], **changes: str) -> str:
    """The query string of the present look, with changes: "?board=…", or "?" for none."""
    page_state: PageState = context["page_state"]
    return "?" + page_state.query(**changes)


@register.filter
def comma(number: int) -> str:
    return f"{number:,}"
