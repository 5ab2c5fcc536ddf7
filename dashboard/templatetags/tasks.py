"""Template tags for tasks and events: links, status texts, icons and sentences."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.icons import icon_of
from dashboard.queries.dependency_graph import STATUSES
from dashboard.templatetags.pages import icon, task_link, words
from marcus_events.core.event import RecordedEvent
from marcus_events.core.external_links import build_url
from marcus_events.core.sentences import agent_name, sentence, short

register = template.Library()
register.simple_tag(task_link)

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
def status_icon(status: str) -> SafeString:
    return icon(ICONS.get(status, "dot"))


@register.filter
def status_words(status: str) -> str:
    return STATUSES.get(status, status)


@register.simple_tag
def external(external_id: str, pattern: str) -> SafeString:
    """Render an external id, as a link if the board has a URL pattern."""
    shown = short(external_id)
    if where := build_url(pattern, external_id):
        return format_html('<a class="external" href="{}" rel="noreferrer"><bdi>{}</bdi></a>', where, shown)
    return format_html("<bdi>{}</bdi>", shown)


@register.simple_tag
def event_sentence(event: RecordedEvent) -> SafeString:
    """Render an event as a sentence."""
    return words(sentence(event), event)


@register.simple_tag
def event_agent(event: RecordedEvent) -> SafeString | str:
    """Render who an event is of, if that is an agent."""
    return format_html("<bdi>{}</bdi>", agent_name(event)) if event.agent_id else ""


@register.simple_tag
def event_icon(event: RecordedEvent) -> SafeString:
    return icon(icon_of(event.event_type)[0])


@register.simple_tag
def event_tone(event: RecordedEvent) -> str:
    return icon_of(event.event_type)[1]
