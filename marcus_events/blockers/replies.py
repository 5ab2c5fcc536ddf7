"""Answers to blockers on their way: sent when they are due, unless somebody has taken them back before.

Any number of processes may send at once. The event's id is made from the answer's, so an answer is in the log once. It
is sent a moment after it is due, since what was taken back just before may still be on its way into the tables.

Nobody else can take these ids: their sources are reserved. A log from before that was so may hold them all the same, so
an answer is then sent under another id, and one that the log refuses is on record as failed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from marcus_events.blockers.events import about
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import SYSTEM, USER, Authority, source_of
from marcus_events.ingest import Receipt, ingest, tell_refused
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Blocker

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
MARGIN = timedelta(seconds=1)  # for an act of the last moment to arrive in the tables
AT_ONCE = 100
ATTEMPTS = 5  # ids that an answer is sent under
SENT = ":sent"  # follows the id of the answer in the id of the event that sends it


def send_answers(stop: threading.Event) -> None:
    """Until it is told to stop."""
    while not stop.wait(LOOK_EVERY_S):
        try:
            send_due()
        except (DatabaseError, LogUnavailable) as error:
            logger.warning("replies are waiting for the database: %s", error)
        finally:
            close_old_connections()


def send_due() -> int:
    """Send what is due by now; how many answers that were."""
    rows = Blocker.objects.now().filter(resolved_at=None, answer_due__lte=utc_now() - MARGIN)
    due = list(rows.order_by("answer_due")[:AT_ONCE])
    waiting = due
    for attempt in range(1, ATTEMPTS + 1):
        if not waiting:
            return len(due)
        waiting = sent_or_taken(waiting, attempt)
    report([(blocker, "its event ids are taken by other events") for blocker in waiting])
    return len(due)


def sent_or_taken(blockers: Sequence[Blocker], attempt: int) -> list[Blocker]:
    """Send the answers; those back whose ids another event has. The others that were refused are reported."""
    answers = ingest([sent(blocker, attempt) for blocker in blockers], Authority.SYSTEM)
    refused = [pair for pair in zip(blockers, answers, strict=True) if pair[1].status == "rejected"]
    tell_refused([receipt for _, receipt in refused], "an answer")
    report([(blocker, why(receipt)) for blocker, receipt in refused if receipt.why != "conflict"])
    return [blocker for blocker, receipt in refused if receipt.why == "conflict"]


def why(receipt: Receipt) -> str:
    """In a sentence, without the place in the event, which nobody sees."""
    place, _, reason = (receipt.error or "").partition(": ")
    return f"the log refused it, because it {reason}" if receipt.pointer else f"the log refused it ({place})"


def report(failures: Sequence[tuple[Blocker, str]]) -> None:
    """Put on record that these answers were not sent, so that their cards say so and they can be written anew."""
    events = [failed(blocker, reason) for blocker, reason in failures]
    if events:
        tell_refused(ingest(events, Authority.SYSTEM), "the failure of an answer")


def sent(blocker: Blocker, attempt: int = 1) -> Event:
    """The answer as whoever waits for it hears it. It answers the blocker, and says whose it is."""
    return about(
        blocker,
        EventTypes.BLOCKER_RESOLVED,
        sent_id(blocker.answer_id, attempt),
        source_of(USER, blocker.answered_by),
        resolution=blocker.answer,
        answer_id=blocker.answer_id,
        by=blocker.answered_by,
    )


def sent_id(answer_id: str, attempt: int) -> str:
    """The id under which an answer is sent; each attempt has its own."""
    return f"{answer_id}{SENT}" + (f":{attempt}" if attempt > 1 else "")


def failed(blocker: Blocker, reason: str) -> Event:
    about_answer = {"answer_id": blocker.answer_id, "reason": reason}
    event_id = f"{blocker.answer_id}:failed"
    return about(blocker, EventTypes.ANSWER_FAILED, event_id, source_of(SYSTEM, "answers"), **about_answer)
