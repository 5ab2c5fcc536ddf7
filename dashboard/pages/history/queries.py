"""What History asks of the search. Everything raises QueryTimeout where it cannot be answered in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Min

from dashboard.queries import histogram
from dashboard.visibility import Visibility
from marcus_events import search
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import FIELDS, EventFilter
from marcus_events.core.query_syntax import quote
from marcus_events.core.sentences import short
from marcus_events.log import read
from marcus_events.models import HourlyRate

FACET_CAP = 10_000  # events counted for facets without precomputed counts
SAMPLE, SAMPLED_FIELDS = search.SAMPLE, search.SAMPLED_FIELDS
NEWER_CAP = 1_000
BATCH = 500  # events per batch of an export, limited by BATCH_BYTES too
BATCH_BYTES = 1024 * 1024
COMPLETED = ("type", "category", "importance", "source", "board", "task", "agent")
TIMES = ("since", "until")
MOST_COMPLETIONS = 12


def page(
    wanted: EventFilter, *, after: int | None = None, before: int | None = None, limit: int, newest_first: bool
) -> read.EventPage:
    return search.page(wanted, after=after, before=before, limit=limit, newest_first=newest_first)


def newer(wanted: EventFilter, position: int) -> int:
    """Return how many matching events follow a position, up to NEWER_CAP."""
    return search.count_between(wanted, position, read.head().position + 1, NEWER_CAP)


def expected(wanted: EventFilter) -> int | None:
    """How many an export will hold, where that is known without looking for them."""
    return search.count(wanted, 1) if search.is_precomputed(wanted) else None


def facets(wanted: EventFilter) -> search.Facets:
    return search.facets(wanted, FACET_CAP)


def over_time(
    wanted: EventFilter, now: datetime, link: histogram.LinkTo, *, compare: bool = False
) -> histogram.Histogram | None:
    """Return the histogram from the first event to now, or within the query's times; None if nothing matches.

    With `compare` it also has the period before, if the query has a beginning.
    """
    begun = wanted.since or beginning(wanted)
    if begun is None or (wanted.until and begun >= wanted.until):
        return None
    start, step, number = histogram.spread(begun, wanted.until, now)
    counted = histogram.count_steps(wanted, start, step, number)
    before = period_before(wanted, start, step, number, now) if compare and wanted.since else None
    if not any(counted.values) and not (before and any(before[2].values)):
        return None
    is_live = histogram.is_live(wanted, now)
    return histogram.drawn(counted, start, step, link, is_live=is_live, before=before)


def period_before(
    wanted: EventFilter, start: datetime, step: timedelta, number: int, now: datetime
) -> tuple[datetime, datetime, histogram.StepCounts]:
    """Count as many steps right before `start`: of the last one, as many minutes as have passed of the present one."""
    since, last = start - number * step, start - step
    counted = histogram.count_steps(wanted, since, step, number)
    minutes = (now - (start + (number - 1) * step)) // histogram.MINUTE
    if minutes * histogram.MINUTE >= step:
        return since, start, counted
    passed = histogram.count_steps(wanted, last, histogram.MINUTE, minutes) if minutes > 0 else None
    counted.steps[-1] = sum(passed.steps, histogram.CategoryCounts()) if passed else histogram.CategoryCounts()
    return since, last + max(minutes, 0) * histogram.MINUTE, counted


def beginning(wanted: EventFilter) -> datetime | None:
    """Return the time of the first event, or for some boards the hour of their oldest one.

    Older events of a Marcus may have been read in after newer ones.
    """
    if search.is_precomputed(wanted):
        is_narrowed = any(term.field == "board_id" for term in wanted.terms)
        on_boards = {"board_id__in": wanted.values("board_id")} if is_narrowed else {}
        earliest: datetime | None = HourlyRate.objects.filter(**on_boards).aggregate(hour=Min("hour"))["hour"]
        return earliest
    first = search.page(wanted, limit=1, newest_first=False).events
    return first[0].happened_at if first else None


def batches(wanted: EventFilter, until: int) -> Iterator[list[RecordedEvent]]:
    """Yield everything up to a position, oldest first, one batch at a time."""
    after = 0
    while True:
        found = search.page(
            wanted, after=after, before=until + 1, limit=BATCH, newest_first=False, max_bytes=BATCH_BYTES
        )
        if found.events:
            yield found.events
        if not found.has_more or not found.events:
            return
        after = found.events[-1].position


def completions(word: str, visibility: Visibility) -> list[str]:
    """Return completions of the last word of a query: fields, or values of its field."""
    minus, stated = ("-", word[1:]) if word.startswith("-") else ("", word)
    name, colon, value = stated.partition(":")
    if not colon:
        names = [field for field in (*FIELDS, *TIMES) if field.startswith(name) and field not in ("text", "board_id")]
        return [f"{minus}{field}:" for field in names] if name else []
    if name not in COMPLETED or visibility.boards == frozenset():
        return []
    begun, _, last = value.rpartition(",")
    before = f"{begun}," if begun else ""
    found = search.complete(name, last.strip('"'), visibility.narrow(EventFilter()))
    fitting = [each for each in found if short(each) == each]
    return [f"{minus}{name}:{before}{quote(each)}" for each in fitting[:MOST_COMPLETIONS]]
