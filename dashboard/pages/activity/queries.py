"""Reads one event with its cause, its effects, and its redaction or thinning."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.queries.labels import named
from dashboard.visibility import Visibility
from marcus_events.core.event import RecordedEvent
from marcus_events.log import read, related_events
from marcus_events.models import Redaction, Thinned
from marcus_events.search.masking import masked


@dataclass(frozen=True)
class RelatedEvents:
    """The visible cause and effects, with names; `thinned` counts similar events that were removed."""

    cause: RecordedEvent | None
    effects: list[RecordedEvent]
    redaction: Redaction | None
    thinned: int | None


def event(position: int, visibility: Visibility) -> RecordedEvent | None:
    """Return the event; None if there is none or it is not visible."""
    found = read.event(position)
    return masked([found], visibility.boards)[0] if found and visibility.shows(found) else None


def related(to: RecordedEvent, visibility: Visibility) -> RelatedEvents:
    effects = list(filter(visibility.shows, related_events.caused_by(to)))
    causes = related_events.causes_named([cause_id(to)], to.board_id, visibility.boards)
    shown = causes[:1] if causes and visibility.shows(causes[0]) else []
    return RelatedEvents(
        next(iter(named(masked(shown, visibility.boards))), None),
        named(masked(effects, visibility.boards)),
        Redaction.objects.filter(position=to.position).first(),
        Thinned.objects.filter(position=to.position).values_list("count", flat=True).first(),
    )


def cause_id(of: RecordedEvent) -> str:
    """Return the id that the event names as its cause, or ""."""
    cause = of.metadata.get("causation_id")
    return cause if isinstance(cause, str) else ""
