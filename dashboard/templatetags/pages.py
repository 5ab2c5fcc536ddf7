"""What templates need beyond Django: icons, times, and the parts of a sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.look import Look
from dashboard.verdict import count
from marcus_events.core.event import utc_now
from marcus_events.core.sentences import Part

register = template.Library()
plural = register.filter("plural", count)

CLOCKS = {
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "weekday": "%a %H:%M",
    "day": "%A %-d %B",
    "full": "%Y-%m-%d %H:%M:%S UTC",
}
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
    """A time in the viewer's time zone; UTC without JavaScript. `form` is one of CLOCKS."""
    return timed(moment, form, moment.strftime(CLOCKS[form]))


def timed(moment: datetime, form: str, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-time="{}">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
        form,
        text,
    )


@register.simple_tag
def words(parts: list[Part]) -> SafeString:
    """A sentence, with what it names as links. Names are isolated: they may be written in any direction."""
    return format_html_join("", "{}", ((as_html(part),) for part in parts))


def as_html(part: Part) -> SafeString:
    address = address_of(part)
    if not address:
        return format_html("<bdi>{}</bdi>" if part.kind == "text" else "<b><bdi>{}</bdi></b>", part.text)
    return format_html('<a class="name" href="{}"><bdi>{}</bdi></a>', address, part.text)


def address_of(part: Part) -> str:
    if not part.id or part.kind == "text":
        return ""
    if part.kind == "board":
        return reverse("board", args=[part.id])
    return activity(**{part.kind: part.id})


@register.simple_tag
def activity(**parameters: str) -> str:
    """The address of Activity with these filters."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return reverse("activity") + (f"?{query}" if query else "")


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], **changes: str) -> str:
    """The query string of the present look, with changes: "?board=…", or "?" for none."""
    look: Look = context["look"]
    return "?" + look.query(**changes)


@register.filter
def comma(number: int) -> str:
    return f"{number:,}"
