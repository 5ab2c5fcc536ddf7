"""Give and send standing replies, and turn them off when they expire or conflict.

1. One process at a time serves a standing reply: it holds an advisory lock, then the row. Turning it off locks the row.
2. It looks only at tables that are as new as the log, so each reply that was given is counted, also after a crash.
3. The event's id is derived from the standing reply and the blocker, so a blocker is answered once.
4. A reply waits for UNDO like a person's. It is sent here, not with those of people: only while its standing reply is
   on, and never after the end. A reply that is not sent by then is withdrawn.
5. A blocker that a person has acknowledged, assigned, snoozed or ever answered is left to people, and so is one of a
   task that this standing reply has answered before: there it did not help.
6. It is turned off when a reply is undone, when a person answers a matching blocker differently, when another standing
   reply would, and when the person in whose name it replies can no longer reply on the board.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from django.db import DatabaseError, OperationalError, close_old_connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from marcus_events.access.board_members import may_reply
from marcus_events.blockers.actions import UNDO, ActionNotPossible, ingest_and_wait, wait_until_projected
from marcus_events.blockers.events import blocker_event
from marcus_events.blockers.replies import MARGIN, send_answers
from marcus_events.blockers.standing_match import StandingMatch, match_of
from marcus_events.blockers.standing_replies import GONE, Stage, locked, stop, unsent, withdrawals
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import USER, source_of
from marcus_events.log import read
from marcus_events.log.advisory_lock import try_transaction_lock
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Blocker, StandingReply

logger = logging.getLogger(__name__)

INTERVAL_S = 0.5
KEY = 0x7374_616E_6472  # of the advisory lock
MAX_AT_ONCE = 20  # replies of one standing reply: a flood of blockers is stopped between two rounds
MAX_CONSIDERED = 200  # open blockers that may match; later ones have their turn when these have ended
EXPIRED = "it expired"


def run_standing_replies(stopping: threading.Event) -> None:
    """Serve the standing replies until `stopping` is set."""
    while not stopping.wait(INTERVAL_S):
        try:
            give_standing_replies()
        except (DatabaseError, LogUnavailable) as error:
            logger.warning("standing replies could not be given, trying again: %s", error)
        finally:
            close_old_connections()


def give_standing_replies() -> int:
    """Give the replies that are due, and send those that can no longer be undone; return how many were given."""
    given = 0
    for standing_id in to_serve():
        try:
            given += serve(standing_id)
        except (OperationalError, LogUnavailable):
            raise
        except Exception:
            logger.exception("standing reply %s could not be given, trying again", standing_id)
    return given


def to_serve() -> list[int]:
    """Return the standing replies that are on, those in shadow mode that expired, and those with unsent replies."""
    rows = Blocker.objects.now().filter(resolved_at=None).exclude(answer_id="").exclude(standing_reply="")
    with_unsent = [int(name) for name in rows.values_list("standing_reply", flat=True).distinct()]
    is_expired = Q(stage=Stage.SHADOW, ends_at__lte=utc_now())
    wanted = StandingReply.objects.filter(Q(stage=Stage.ON) | is_expired | Q(pk__in=with_unsent))
    return list(wanted.order_by("pk").values_list("pk", flat=True))


def serve(standing_id: int) -> int:
    """Give, send or withdraw the replies of one; return how many were given."""
    with transaction.atomic():
        if not try_transaction_lock(KEY) or not wait_until_projected(read.head().position):
            return 0
        standing = locked(standing_id)
        try:
            return serve_locked(standing)
        except ActionNotPossible as error:
            stop(standing, f"its reply could not be stored ({error})")
            return 0


def serve_locked(standing: StandingReply) -> int:
    if standing.stage == Stage.OFF:  # it was turned off before the tables knew of these replies
        if late := withdrawals(standing):
            ingest_and_wait(late)
        return 0
    match = match_of(standing)
    if match is None:
        stop(standing, GONE)
        return 0
    if reason := reason_to_stop(standing, match):
        stop(standing, reason)
        return 0
    send_answers(list(unsent(standing).filter(answer_due__lte=utc_now() - MARGIN)))
    return give(standing, match)


def reason_to_stop(standing: StandingReply, match: StandingMatch) -> str:
    """Return why it has to be turned off, or an empty text."""
    if utc_now() >= standing.ends_at:
        return EXPIRED
    if not may_reply(standing.turned_on_by, standing.board_id):
        return f"{standing.turned_on_by} can no longer reply to blockers on this board"
    if undone := undone_uses(standing).first():
        return f"its reply to the blocker on task {undone.task_id} was undone"
    if different := different_answers(standing, match):
        return f"{different[0].answered_by} replied differently to the blocker on task {different[0].task_id}"
    if uses(standing) >= standing.max_uses and not unsent(standing).exists():
        return "its limit was reached"
    return ""


def used_rows(standing: StandingReply) -> QuerySet[Blocker]:
    """Return the rows, present and past, in which a blocker has its reply."""
    return Blocker.objects.filter(standing_reply=str(standing.pk))


def uses(standing: StandingReply) -> int:
    """Return how many replies were given, also those that were undone."""
    return used_rows(standing).exclude(answer_id="").values("answer_id").distinct().count()


def undone_uses(standing: StandingReply) -> QuerySet[Blocker]:
    """Return the blockers from which a reply was taken back; one that could not be delivered was not."""
    own = used_rows(standing).filter(blocker_id=OuterRef("blocker_id"))
    rows = Blocker.objects.now().filter(blocker_id__in=used_rows(standing).values("blocker_id"))
    return rows.exclude(standing_reply=str(standing.pk)).exclude(Exists(own.exclude(undelivered="")))


def different_answers(standing: StandingReply, match: StandingMatch) -> list[Blocker]:
    """Return matching blockers that a person has answered differently after the shadow was looked at."""
    start = standing.turned_on_position
    before = Blocker.objects.filter(blocker_id=OuterRef("blocker_id"), from_position__lte=start)
    rows = Blocker.objects.now().filter(from_position__gt=start, standing_reply="").exclude(answer_id="")
    by_people = rows.exclude(answer=match.reply).exclude(Exists(before.filter(resolved_at__isnull=False)))
    return match.among(by_people.order_by("blocker_id"), MAX_CONSIDERED)


def give(standing: StandingReply, match: StandingMatch) -> int:
    most = min(MAX_AT_ONCE, standing.max_uses - uses(standing))
    if most <= 0 or utc_now() + UNDO + MARGIN >= standing.ends_at:
        return 0
    matching = match.among(free_blockers(standing, match), MAX_CONSIDERED)[:most]
    if not matching:
        return 0
    if conflicting := others_that_differ(standing, match, matching):
        for each in (standing, *conflicting):
            stop(each, "another standing reply would reply differently to the same blocker")
        return 0
    ingest_and_wait([use(standing, match, blocker) for blocker in matching])
    return len(matching)


def free_blockers(standing: StandingReply, match: StandingMatch) -> QuerySet[Blocker]:
    """Return the open blockers of the board that nobody has taken (rule 5), oldest first.

    Two blockers of a task can have the same event id, from two sources. An answer names its blocker by this id, so
    neither is answered.
    """
    same = Blocker.objects.filter(blocker_id=OuterRef("blocker_id"))
    namesakes = Blocker.objects.now().filter(
        board_id=OuterRef("board_id"), task_id=OuterRef("task_id"), event_id=OuterRef("event_id")
    )
    nobody = {"acknowledged_by": "", "assignee": "", "snoozed_until": None}
    rows = Blocker.objects.now().filter(board_id=standing.board_id, resolved_at=None, answer_id="", **nobody)
    rows = rows.exclude(Exists(same.exclude(answer_id="")))
    rows = rows.exclude(Exists(namesakes.exclude(blocker_id=OuterRef("blocker_id"))))
    rows = rows.exclude(task_id=match.example.task_id).exclude(task_id__in=used_rows(standing).values("task_id"))
    return rows.order_by("blocker_id")


def others_that_differ(
    standing: StandingReply, match: StandingMatch, blockers: Sequence[Blocker]
) -> list[StandingReply]:
    """Return the other standing replies that are on and would reply differently to one of these blockers."""
    rows = Blocker.objects.now().filter(blocker_id__in=[blocker.blocker_id for blocker in blockers])
    others = StandingReply.objects.select_for_update().filter(board_id=standing.board_id, stage=Stage.ON)
    found = [(other, match_of(other)) for other in others.exclude(pk=standing.pk).order_by("pk")]
    return [
        other
        for other, others_match in found
        if others_match and others_match.reply != match.reply and others_match.among(rows, len(blockers))
    ]


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
