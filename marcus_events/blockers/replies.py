"""Send the answers to blockers when they are due, unless they were withdrawn.

Any number of processes may send at once: the event's id is derived from the answer's, so an answer is in the log once.
It is sent MARGIN after it is due, since a withdrawal may still be on its way into the tables.

Producers cannot use these ids, since the sources are reserved. A log that is older than this rule may hold such ids;
then the answer is sent under another id. An answer that the log rejects is recorded as failed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from marcus_events.blockers.events import blocker_event
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import SYSTEM, USER, Authority, source_of
from marcus_events.ingest import Receipt, ingest, log_refused
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Blocker

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.5
MARGIN = timedelta(seconds=1)  # for an act of the last moment to arrive in the tables
BATCH_SIZE = 100
MAX_ATTEMPTS = 5  # ids that an answer is sent under
SENT_SUFFIX = ":sent"  # follows the id of the answer in the id of the event that sends it


def run_replies(stop: threading.Event) -> None:
    """Send due answers until `stop` is set."""
    while not stop.wait(POLL_INTERVAL_S):
        try:
            send_due_answers()
        except (DatabaseError, LogUnavailable) as error:
            logger.warning("replies are waiting for the database: %s", error)
        finally:
            close_old_connections()


def send_due_answers() -> int:
    """Send the answers of people that are due; return how many. `standing_uses` sends those of standing replies."""
    rows = Blocker.objects.now().filter(resolved_at=None, answer_due__lte=utc_now() - MARGIN, standing_reply="")
    due = list(rows.order_by("answer_due")[:BATCH_SIZE])
    send_answers(due)
    return len(due)


def send_answers(due: Sequence[Blocker]) -> None:
    """Send these answers, and record those that cannot be sent."""
    waiting = list(due)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        if not waiting:
            return
        waiting = send(waiting, attempt)
    record_undelivered([(blocker, "its event ids are taken by other events") for blocker in waiting])


def send(blockers: Sequence[Blocker], attempt: int) -> list[Blocker]:
    """Send the answers, record the failed ones, and return those whose event id is already used."""
    answers = ingest([reply_event(blocker, attempt) for blocker in blockers], Authority.SYSTEM)
    refused = [pair for pair in zip(blockers, answers, strict=True) if pair[1].status == "rejected"]
    log_refused([receipt for _, receipt in refused], "an answer")
    record_undelivered(
        [(blocker, refusal_reason(receipt)) for blocker, receipt in refused if receipt.why != "conflict"]
    )
    return [blocker for blocker, receipt in refused if receipt.why == "conflict"]


def refusal_reason(receipt: Receipt) -> str:
    """Describe a rejection for people, without the pointer into an event that they do not see."""
    place, _, reason = (receipt.error or "").partition(": ")
    return f"the log refused it, because it {reason}" if receipt.pointer else f"the log refused it ({place})"


def record_undelivered(failures: Sequence[tuple[Blocker, str]]) -> None:
    """Publish that these answers were not sent, so that their cards say so and people can answer again."""
    events = [failure_event(blocker, reason) for blocker, reason in failures]
    if events:
        log_refused(ingest(events, Authority.SYSTEM), "the failure of an answer")


def reply_event(blocker: Blocker, attempt: int = 1) -> Event:
    """Make the `blocker_resolved` that delivers an answer and names its author."""
    standing = {"standing_reply": int(blocker.standing_reply)} if blocker.standing_reply else {}
    return blocker_event(
        blocker,
        EventTypes.BLOCKER_RESOLVED,
        reply_event_id(blocker.answer_id, attempt),
        source_of(USER, blocker.answered_by),
        resolution=blocker.answer,
        answer_id=blocker.answer_id,
        by=blocker.answered_by,
        **standing,
    )


def reply_event_id(answer_id: str, attempt: int) -> str:
    """Return the id of the event that sends an answer; each attempt has its own."""
    return f"{answer_id}{SENT_SUFFIX}" + (f":{attempt}" if attempt > 1 else "")


def failure_event(blocker: Blocker, reason: str) -> Event:
    about_answer = {"answer_id": blocker.answer_id, "reason": reason}
    event_id = f"{blocker.answer_id}:failed"
    return blocker_event(blocker, EventTypes.ANSWER_FAILED, event_id, source_of(SYSTEM, "answers"), **about_answer)
