"""The log, to be looked at: every event, as a sentence in a list and whole on a page of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from marcus_events.admin import display
from marcus_events.admin.base import ReadOnly
from marcus_events.admin.event_filters import ByBoard, ByCategory, ByTime, ByType
from marcus_events.admin.event_list import EventList, row_of
from marcus_events.core.clock_skew import describe_skew
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.sentences import agent_name, as_text, board_name, sentence
from marcus_events.log import read, related_events
from marcus_events.models import LoggedEvent

ABOUT = "All events in the order they were recorded. Events cannot be changed."
CAUSES = ("cause", "effects")
FACTS = (
    "place",
    "type_name",
    "happened",
    "at",
    "from_source",
    "identity",
    "board",
    "task",
    "agent",
    "cause",
    "effects",
)
HELP = (
    'Words and fields, such as type:task_* -type:task_progress agent:claude_2 board:"Storefront" source:marcus since:7d'
)


@admin.register(LoggedEvent)
class EventAdmin(ReadOnly):
    section, rank, about = "Log", 0, ABOUT
    list_display = ("at", "said", "type_name", "board", "agent_named", "from_source", "place")
    list_display_links = ("said",)
    list_filter = (ByTime, ByCategory, ByType, ByBoard)
    search_fields = ("position",)  # shows the box: what is written in it is read as an EventFilter
    search_help_text = HELP
    sortable_by = ()
    fieldsets = (
        (None, {"fields": FACTS}),
        ("Data", {"fields": ("data_shown",), "classes": ("whole",)}),
        ("Metadata", {"fields": ("metadata_shown",), "classes": ("whole",)}),
    )
    readonly_fields = (*FACTS, "data_shown", "metadata_shown")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[EventList]:
        return EventList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> LoggedEvent | None:
        is_position = object_id.isascii() and object_id.isdigit() and len(object_id) <= 18
        found = read.event(int(object_id)) if is_position else None
        return row_of(found) if found else None

    def title_of(self, shown: Any) -> str:
        return as_text(sentence(recorded_of(shown)))

    def page_of(self, shown: Any) -> str:
        return reverse("event", args=[shown.position])

    @admin.display(description="recorded")
    def at(self, row: LoggedEvent) -> SafeString | str:
        return display.moment(row.recorded_at)

    @admin.display(description="happened")
    def happened(self, row: LoggedEvent) -> SafeString | str:
        at, ahead = display.moment(row.timestamp), recorded_of(row).clock_ahead
        return format_html("{} ({})", at, describe_skew(ahead)) if ahead else at

    @admin.display(description="event")
    def said(self, row: LoggedEvent) -> SafeString | str:
        return display.text(as_text(sentence(recorded_of(row))))

    @admin.display(description="type")
    def type_name(self, row: LoggedEvent) -> SafeString:
        return format_html('<span title="{}">{}</span>', row.event_type, meaning_of(row.event_type).title)

    @admin.display(description="board")
    def board(self, row: LoggedEvent) -> SafeString | str:
        return display.text(board_name(recorded_of(row)) if row.board_id else "")

    @admin.display(description="task")
    def task(self, row: LoggedEvent) -> SafeString | str:
        return display.code(row.task_id)

    @admin.display(description="agent")
    def agent_named(self, row: LoggedEvent) -> SafeString | str:
        return display.text(agent_name(recorded_of(row)) if row.agent_id else "")

    @admin.display(description="agent")
    def agent(self, row: LoggedEvent) -> SafeString | str:
        return display.code(row.agent_id)

    @admin.display(description="source")
    def from_source(self, row: LoggedEvent) -> SafeString | str:
        return display.code(row.source)

    @admin.display(description="position")
    def place(self, row: LoggedEvent) -> SafeString:
        return display.number(row.position)

    @admin.display(description="event id")
    def identity(self, row: LoggedEvent) -> SafeString | str:
        return display.code(row.event_id)

    @admin.display(description="data")
    def data_shown(self, row: LoggedEvent) -> SafeString:
        return display.as_json(row.data)

    @admin.display(description="metadata")
    def metadata_shown(self, row: LoggedEvent) -> SafeString:
        return display.as_json(row.metadata)

    @admin.display(description="caused by")
    def cause(self, row: LoggedEvent) -> SafeString | str:
        named = row.metadata.get("causation_id")
        found = related_events.causes_named([named], row.board_id, None) if isinstance(named, str) else []
        return lead_to(found[0]) if found else display.code(named if isinstance(named, str) else "")

    @admin.display(description="caused")
    def effects(self, row: LoggedEvent) -> SafeString | str:
        effects = related_events.caused_by(recorded_of(row))
        items = format_html_join("", "<li>{}</li>", ((lead_to(effect),) for effect in effects))
        return format_html("<ul>{}</ul>", items) if effects else display.NOTHING


def lead_to(recorded: RecordedEvent) -> SafeString:
    address = reverse("admin:marcus_events_loggedevent_change", args=[recorded.position])
    return display.link(address, as_text(sentence(recorded)))


def recorded_of(row: Any) -> RecordedEvent:
    recorded: RecordedEvent = row.recorded
    return recorded
