"""How the list of events is narrowed beside its search: by choices that come from small tables or none at all.

No choice is counted, and none is looked for in the log. A time is one of recording: it says between which positions to
read, so a month of long ago is as near as today.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest

from marcus_events.core.event import utc_now
from marcus_events.core.event_types import CATEGORIES, MEANINGS
from marcus_events.core.filters import EventFilter
from marcus_events.core.sentences import short
from marcus_events.log import read
from marcus_events.log.positions_by_time import position_at
from marcus_events.models import BoardNow

MAX_BOARDS = 200  # to choose from; `board:` in the search finds the others
MAX_MONTHS = 12
MAX_LABEL = 60  # characters

Choices = list[tuple[str, str]]
Between = tuple[int | None, int | None]


class Narrowing(admin.SimpleListFilter):
    """Narrows the question that is asked of the log, in place of a QuerySet."""

    field: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def narrow(self, wanted: EventFilter) -> EventFilter:
        return wanted.with_term(self.field, (self.value() or "").replace("\0", "\N{REPLACEMENT CHARACTER}"))


class ByCategory(Narrowing):
    title = parameter_name = field = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, name.capitalize()) for name in CATEGORIES]


class ByType(Narrowing):
    title = parameter_name = field = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return sorted(((name, meaning.title) for name, meaning in MEANINGS.items()), key=lambda choice: choice[1])


class ByBoard(Narrowing):
    title = parameter_name = "board"
    field = "board_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        rows = BoardNow.objects.now().order_by("name")[:MAX_BOARDS]
        return [(row.board_id, short(row.name or row.board_id)[:MAX_LABEL]) for row in rows]


class ByTime(Narrowing):
    title = "time recorded"
    parameter_name = "recorded"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        spans = [("today", "Today"), ("7d", "Past 7 days"), ("30d", "Past 30 days")]
        return spans + [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months()]

    def narrow(self, wanted: EventFilter) -> EventFilter:
        return wanted

    def between(self) -> Between:
        """The positions (both exclusive) between which the chosen time lies. Raises IncorrectLookupParameters."""
        if not (chosen := self.value()):
            return None, None
        since, until = span_of(chosen)
        head = read.head()
        return position_at(since, head) - 1, position_at(until, head) if until else None


def span_of(chosen: str) -> tuple[datetime, datetime | None]:
    now = utc_now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if chosen == "today":
        return today, None
    if chosen in {"7d", "30d"}:
        return now - timedelta(days=int(chosen[:-1])), None
    try:
        month = datetime.strptime(f"{chosen}+0000", "%Y-%m%z")
        return month, next_month(month)
    except (ValueError, OverflowError) as error:
        raise IncorrectLookupParameters from error


def months() -> list[datetime]:
    """Those in which something was recorded, the newest first: from the oldest event that is kept to now."""
    head = read.head()
    oldest = read.following(head.oldest - 1, 1)
    month = first_of(head.recorded_at)
    found: list[datetime] = []
    while oldest and len(found) < MAX_MONTHS and next_month(month) > oldest[0].recorded_at:
        found.append(month)
        month = first_of(month - timedelta(days=1))
    return found


def first_of(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(month: datetime) -> datetime:
    return first_of(month + timedelta(days=32))
