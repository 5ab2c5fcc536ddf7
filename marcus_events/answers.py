"""Answers to blockers on their way: sent when they are due, unless somebody has taken them back before.

Any number of processes may send at once. The event's id is made from the answer's, so an answer is in the log once. It
is sent a moment after it is due, since what was taken back just before may still be on its way into the tables.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from marcus_events.core.event import Event, utc_now
from marcus_events.core.vocabulary import EventTypes
from marcus_events.handling import about
from marcus_events.ingest import ingest
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Blocker

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
MARGIN = timedelta(seconds=1)  # for an act of the last moment to arrive in the tables
AT_ONCE = 100


def send_answers(stop: threading.Event) -> None:
    """Until it is told to stop."""
    while not stop.wait(LOOK_EVERY_S):
        try:
            send_due()
        except (DatabaseError, LogUnavailable) as error:
            logger.warning("answers wait for the database: %s", error)
        finally:
            close_old_connections()


def send_due() -> int:
    """Send what is due by now; how many answers that were."""
    due = Blocker.objects.now().filter(resolved_at=None, answer_due__lte=utc_now() - MARGIN)
    events = [sent(blocker) for blocker in due.order_by("answer_due")[:AT_ONCE]]
    if events:
        ingest(events)
    return len(events)


def sent(blocker: Blocker) -> Event:
    """The answer as whoever waits for it hears it. It answers the blocker, and says whose it is."""
    return about(
        blocker,
        EventTypes.BLOCKER_RESOLVED,
        f"{blocker.answer_id}:sent",
        f"user:{blocker.answered_by}",
        resolution=blocker.answer,
        answer_id=blocker.answer_id,
        by=blocker.answered_by,
    )
