"""Give the standing replies that are on, and turn them off when they are over or in doubt.

1. One process at a time: whoever gives replies, or turns one off, locks the rows.
2. It looks only at tables that are as new as the log, so each reply that was given is counted, also after a crash.
3. The event's id is derived from the standing reply and the blocker, so a blocker is answered once.
4. A reply waits for UNDO like a person's, and can be undone like it. The last one is sent before the end.
5. A blocker that a person has acknowledged, assigned, snoozed or answered is left to people.
6. It is turned off when a reply is undone, when a person answers a matching blocker differently, when another standing
   reply would, and when the person in whose name it replies may no longer reply there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from django.db import DatabaseError, close_old_connections, transaction

from marcus_events.access.board_members import may_reply
from marcus_events.blockers.actions import (
    POLL_INTERVAL_S,
    PROJECTION_TIMEOUT_S,
    UNDO,
    ActionNotPossible,
    ingest_and_wait,
)
from marcus_events.blockers.events import blocker_event
from marcus_events.blockers.replies import MARGIN
from marcus_events.blockers.standing_match import StandingMatch, match_of
from marcus_events.blockers.standing_replies import GONE, stop
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import USER, source_of
from marcus_events.log import read
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Blocker, StandingReply
from marcus_events.projections.state_tables import STATE

logger = logging.getLogger(__name__)

INTERVAL_S = 0.5
MAX_AT_ONCE = 20  # replies of one standing reply: a flood of blockers is stopped between two rounds
Running = tuple[StandingReply, StandingMatch]


def run_standing_replies(stopping: threading.Event) -> None:
    """Give standing replies until `stopping` is set."""
    while not stopping.wait(INTERVAL_S):
        try:
            give_standing_replies()
        except (DatabaseError, LogUnavailable, ActionNotPossible) as error:
            logger.warning("standing replies are waiting for the database: %s", error)
        finally:
            close_old_connections()


def give_standing_replies() -> int:
    """Give what is to be given now; return how many replies."""
    on = StandingReply.objects.filter(stage=StandingReply.Stage.ON).order_by("pk")
    if not on.exists():
        return 0
    with transaction.atomic():
        locked = list(on.select_for_update())
        if not wait_until_current():
            return 0
        going_on = [found for standing in locked if (found := still_on(standing))]
        return sum(give(standing, match, going_on) for standing, match in going_on)


def wait_until_current() -> bool:
    """Wait until the tables hold everything that is in the log now; return whether they do."""
    head, deadline = read.head().position, time.monotonic() + PROJECTION_TIMEOUT_S
    while read.projected_and_head(STATE.name)[0] < head:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def still_on(standing: StandingReply) -> Running | None:
    """Return the standing reply with its match, or turn it off (rules 4 and 6)."""
    match = match_of(standing)
    if match is None:
        stop(standing, GONE)
        return None
    if reason := reason_to_stop(standing, match):
        stop(standing, reason)
        return None
    return standing, match


def reason_to_stop(standing: StandingReply, match: StandingMatch) -> str:
    """Return why it has to be turned off, or an empty text."""
    if utc_now() + UNDO + MARGIN >= standing.ends_at:
        return "its end was reached"
    if not may_reply(standing.turned_on_by, standing.board_id):
        return f"{standing.turned_on_by} can no longer reply to blockers on this board"
    if undone := undone_uses(standing):
        return f"a reply was undone for the blocker on task {undone[0].task_id}"
    if different := different_answers(standing, match):
        return f"{different[0].answered_by} replied differently to the blocker on task {different[0].task_id}"
    if uses(standing) >= standing.max_uses and not pending(standing):
        return f"all {standing.max_uses} replies were given"
    return ""


def uses(standing: StandingReply) -> int:
    """Return how many replies were given, also those that were undone."""
    given = Blocker.objects.filter(standing_reply=str(standing.pk))
    return given.values("answer_id").exclude(answer_id="").distinct().count()


def pending(standing: StandingReply) -> bool:
    return (
        Blocker.objects.now().filter(standing_reply=str(standing.pk), resolved_at=None).exclude(answer_id="").exists()
    )


def undone_uses(standing: StandingReply) -> list[Blocker]:
    given = Blocker.objects.filter(standing_reply=str(standing.pk)).values("blocker_id")
    return list(Blocker.objects.now().filter(blocker_id__in=given).exclude(standing_reply=str(standing.pk))[:1])


def different_answers(standing: StandingReply, match: StandingMatch) -> list[Blocker]:
    """Return matching blockers that a person has answered differently since it was turned on."""
    since = (standing.turned_on_at or standing.saved_at) + UNDO
    by_people = Blocker.objects.now().filter(board_id=standing.board_id, standing_reply="", answer_due__gt=since)
    return match.among(by_people.exclude(answer_id="").exclude(answer=match.reply))


def give(standing: StandingReply, match: StandingMatch, going_on: Sequence[Running]) -> int:
    if standing.stage != StandingReply.Stage.ON:  # it has just been turned off, because of another one
        return 0
    rows = Blocker.objects.now().filter(board_id=standing.board_id, resolved_at=None, answer_id="", undelivered="")
    free = rows.filter(acknowledged_by="", assignee="", snoozed_until=None).order_by("blocker_id")
    most = min(MAX_AT_ONCE, standing.max_uses - uses(standing))
    matching = match.among(free)
    for other, others_match in going_on:
        if others_match.reply != match.reply and others_match.among(matching):
            stop_both(standing, other)
            return 0
    if events := [use(standing, match, blocker) for blocker in matching[: max(most, 0)]]:
        ingest_and_wait(events)
    return len(events)


def stop_both(*conflicting: StandingReply) -> None:
    for standing in conflicting:
        stop(standing, "another standing reply answers the same blocker differently")


def use(standing: StandingReply, match: StandingMatch, blocker: Blocker) -> Event:
    """Make the answer to a blocker, in the name of the person who has turned the standing reply on."""
    return blocker_event(
        blocker,
        EventTypes.BLOCKER_ANSWERED,
        f"standing_{standing.pk}_{blocker.blocker_id}",
        source_of(USER, standing.turned_on_by),
        by=standing.turned_on_by,
        answer=match.reply,
        due=(utc_now() + UNDO).isoformat(),
        standing_reply=standing.pk,
    )
