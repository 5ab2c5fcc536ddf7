"""What templates say of a task: where it leads, and its status in a word and a picture."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.icons import icon_of
from dashboard.queries.dependencies import STATUSES
from dashboard.templatetags.pages import icon, words
from marcus_events.core.event import Recorded
from marcus_events.core.sentences import sentence

register = template.Library()

ICONS = {
    "todo": "todo",
    "assigned": "hand",
    "in_progress": "progress",
    "blocked": "blocked",
    "stuck": "behind",
    "caught": "warning",
    "done": "check",
    "unknown": "warning",
}


@register.simple_tag
def task_link(board_id: str, task_id: str) -> SafeString:
    """The attributes of a link to a task. Ids stand in the query, where any text can; so can a task of no board."""
    query = task_query(board_id, task_id)
    return format_html('href="{}?{}" data-task="{}"', reverse("task"), query, query)


def task_query(board_id: str, task_id: str) -> str:
    return urlencode({name: value for name, value in (("board", board_id), ("task", task_id)) if value})


@register.simple_tag
def status_icon(status: str) -> SafeString:
    return icon(ICONS.get(status, "dot"))


@register.filter
def status_words(status: str) -> str:
    return STATUSES.get(status, status)


@register.simple_tag
def told(event: Recorded) -> SafeString:
    """An event as a sentence."""
    return words(sentence(event))


@register.simple_tag
def event_icon(event: Recorded) -> SafeString:
    return icon(icon_of(event.event_type)[0])


@register.simple_tag
def event_tone(event: Recorded) -> str:
    return icon_of(event.event_type)[1]
