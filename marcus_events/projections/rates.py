"""How many events of each type happened in each minute, per board: what the counters and sparklines are drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, models

from marcus_events.core.event import Recorded
from marcus_events.core.vocabulary import EventTypes
from marcus_events.models import Rate

Minute = tuple[str, str, datetime]  # board, type, the start of the minute

ADD = """
INSERT INTO rate (board_id, event_type, minute, count)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
ON CONFLICT (board_id, event_type, minute) DO UPDATE SET count = rate.count + excluded.count
"""


class RatesProjection:
    """Events per board, type and minute of the producers' clocks. A removed board's are removed with it."""

    name = "rates"
    tables: Sequence[type[models.Model]] = (Rate,)

    def project(self, events: Sequence[Recorded]) -> None:
        counts: Counter[Minute] = Counter()
        for event in events:
            if event.event_type == EventTypes.BOARD_REMOVED and event.board_id:
                add(counts)
                counts.clear()
                Rate.objects.filter(board_id=event.board_id).delete()
            else:
                counts[minute_of(event)] += 1
        add(counts)


def minute_of(event: Recorded) -> Minute:
    return event.board_id or "", event.event_type, event.timestamp.replace(second=0, microsecond=0)


def add(counts: Counter[Minute]) -> None:
    if not counts:
        return
    boards, types, minutes = zip(*sorted(counts), strict=True)
    amounts = [counts[key] for key in sorted(counts)]
    with connection.cursor() as cursor:
        cursor.execute(ADD, (list(boards), list(types), list(minutes), amounts))


RATES = RatesProjection()
