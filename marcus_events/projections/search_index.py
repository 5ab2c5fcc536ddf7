"""Fill the search index behind the log; see `marcus_events.search`.

Indexing in the append path would cost most of its throughput. Searches scan the events that are not indexed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.db import models

from marcus_events.core.event import RecordedEvent
from marcus_events.log import read
from marcus_events.log.rows import execute
from marcus_events.models import ProjectionName, SearchEntry, SearchPart
from marcus_events.projections.bulk_copy import copy
from marcus_events.projections.projection import Projection
from marcus_events.search import index_partitions
from marcus_events.search.lexemes import vector

REDACTED = "event_redacted"
ADD = "COPY {name} (position, timestamp, words) FROM STDIN"
REWRITE = "UPDATE search SET words = %s::tsvector WHERE position = %s"


class SearchProjection(Projection):
    """An entry for every event, in partitions. A redacted event is found by its remaining fields."""

    name = ProjectionName.SEARCH
    tables: Sequence[type[models.Model]] = (SearchEntry,)

    def project(self, events: Sequence[RecordedEvent]) -> None:
        for part in add_entries(events):
            if not part.is_indexed and is_index_due(part):
                index_partitions.add_index(part)

    def project_in_rebuild(self, events: Sequence[RecordedEvent]) -> None:
        """Add entries. The index of a partition is built once, since nobody searches it yet."""
        add_entries(events)

    def finish_rebuild(self) -> None:
        index_partitions.add_missing_indexes()

    def clear(self) -> None:
        index_partitions.retire_all()

    def tidy(self) -> None:
        index_partitions.drop_retired()


def add_entries(events: Sequence[RecordedEvent]) -> list[SearchPart]:
    """Write the entries of these events, and return the partitions that they are in."""
    parts = []
    for _, group in groupby(events, key=lambda event: event.position // index_partitions.SIZE):
        parts.append(write_entries(list(group)))
    for event in events:
        if event.event_type == REDACTED:
            rewrite_entry(event)
    return parts


def write_entries(events: Sequence[RecordedEvent]) -> SearchPart:
    """Write the entries of events that are in one partition, and return it."""
    times = [event.happened_at for event in events]
    part = index_partitions.part_with(events[0].position, min(times), max(times))
    rows = ((event.position, str(time), vector(event)) for event, time in zip(events, times, strict=True))
    copy(ADD.format(name=part.name), rows)
    if not part.is_indexed and events[-1].position == part.last:
        index_partitions.add_index(part)
    return part


def is_index_due(part: SearchPart) -> bool:
    """Whether to create the index of a partition that is not full. Far behind the log it is created when it is full:
    one build costs a fraction of indexing event by event.
    """
    return read.head().position <= part.last + index_partitions.SIZE


def rewrite_entry(redaction: RecordedEvent) -> None:
    position = redaction.data.get("position")
    if type(position) is int and 0 < position < redaction.position and (event := read.event(position)):
        execute(REWRITE, [vector(event), position])


SEARCH = SearchProjection()
