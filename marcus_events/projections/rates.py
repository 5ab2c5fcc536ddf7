"""How many events of each type happened in each minute and each hour, per board.

Counters, sparklines and histograms are drawn from them: no page counts the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, models

from marcus_events.core.event import Recorded
from marcus_events.core.vocabulary import EventTypes
from marcus_events.models import HourlyRate, Rate

Key = tuple[str, str, datetime]  # board, type, the start of the minute or hour

ADD = """
INSERT INTO {table} AS known (board_id, event_type, {unit}, count)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
ON CONFLICT (board_id, event_type, {unit}) DO UPDATE SET count = known.count + excluded.count
"""
ADD_TO_MINUTES, ADD_TO_HOURS = ADD.format(table="rate", unit="minute"), ADD.format(table="hourly_rate", unit="hour")


class RatesProjection:
    """Events per board, type and time of the producers' clocks. A removed board's are removed with it."""

    name = "rates"
    tables: Sequence[type[models.Model]] = (Rate, HourlyRate)

    def project(self, events: Sequence[Recorded]) -> None:
        minutes: Counter[Key] = Counter()
        for event in events:
            if event.event_type == EventTypes.BOARD_REMOVED and event.board_id:
                save(minutes)
                minutes.clear()
                remove(event.board_id)
            else:
                minutes[minute_of(event)] += 1
        save(minutes)


def minute_of(event: Recorded) -> Key:
    return event.board_id or "", event.event_type, event.timestamp.replace(second=0, microsecond=0)


def remove(board_id: str) -> None:
    Rate.objects.filter(board_id=board_id).delete()
    HourlyRate.objects.filter(board_id=board_id).delete()


def save(minutes: Counter[Key]) -> None:
    hours: Counter[Key] = Counter()
    for (board_id, event_type, minute), count in minutes.items():
        hours[board_id, event_type, minute.replace(minute=0)] += count
    add(ADD_TO_MINUTES, minutes)
    add(ADD_TO_HOURS, hours)


def add(query: str, counts: Counter[Key]) -> None:
    if not counts:
        return
    boards, types, times = zip(*sorted(counts), strict=True)
    amounts = [counts[key] for key in sorted(counts)]
    with connection.cursor() as cursor:
        cursor.execute(query, (list(boards), list(types), list(times), amounts))


RATES = RatesProjection()
