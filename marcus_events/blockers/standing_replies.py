"""Save a standing reply from an answered blocker, turn it on, and turn it off. Each is an event.

A standing reply starts in shadow mode. It can be turned on only if people gave the same reply to every matching blocker
of those that `standing_match.shadow_of` looks at. `standing_uses` gives and sends its replies.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from marcus_events.blockers.actions import ActionNotPossible, ingest_and_wait, wait_until_projected
from marcus_events.blockers.events import blocker_event
from marcus_events.blockers.standing_match import FIELDS, identifies_question, match_of, shadow_of
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import SYSTEM, USER, source_of
from marcus_events.log import read
from marcus_events.models import Blocker, StandingReply

MAX_USES = 1_000
LONGEST = timedelta(weeks=12)
BY_SYSTEM = source_of(SYSTEM, "standing-replies")
GONE = "the blocker it was saved on has been removed or redacted"
Stage = StandingReply.Stage


def save(example: Blocker, by: str, fields: Collection[str], ends_at: datetime, max_uses: int) -> StandingReply:
    """Save the reply to a blocker as a standing reply, in shadow mode. Raises ActionNotPossible."""
    chosen = [name for name in FIELDS if name in fields]
    if not example.answer_id or example.resolved_at is None or example.standing_reply:
        raise ActionNotPossible("Only a reply that a person wrote and that has been sent can become a standing reply.")
    if not identifies_question(example, chosen):
        raise ActionNotPossible("Select the question or the blocker type.")
    if not utc_now() < ends_at <= utc_now() + LONGEST:
        raise ActionNotPossible(f"Choose an end within {LONGEST.days // 7} weeks.")
    if not 1 <= max_uses <= MAX_USES:
        raise ActionNotPossible(f"Choose between 1 and {MAX_USES:,} replies.")
    with transaction.atomic():
        standing, is_new = StandingReply.objects.exclude(stage=Stage.OFF).get_or_create(
            blocker_id=example.blocker_id,
            defaults={
                "board_id": example.board_id,
                "epoch": read.head().epoch,
                "fields": chosen,
                "ends_at": ends_at,
                "max_uses": max_uses,
                "saved_by": by,
                "saved_at": utc_now(),
            },
        )
        if not is_new:
            raise ActionNotPossible("This reply is a standing reply already.")
        if match_of(standing) is None:
            raise ActionNotPossible("This blocker or its reply has been removed or redacted.")
        ingest_and_wait([about(standing, example, EventTypes.STANDING_REPLY_SAVED, by=by, fields=chosen)])
    return standing


def turn_on(standing_id: int, by: str) -> None:
    """Turn a standing reply on if its shadow agreed each time. Raises ActionNotPossible.

    The shadow covers the log up to `turned_on_position`, and the search for conflicts the log after it.
    """
    position = read.head().position
    if not wait_until_projected(position):
        raise ActionNotPossible("The latest replies are not known yet. Try again in a moment.")
    with transaction.atomic():
        standing = locked(standing_id)
        match = match_of(standing)
        if standing.stage != Stage.SHADOW:
            state = "is on already" if standing.stage == Stage.ON else "has been turned off. Save a new one"
            raise ActionNotPossible(f"This standing reply {state}.")
        if match is None:
            raise ActionNotPossible(f"This cannot be turned on: {GONE}.")
        if standing.ends_at <= utc_now():
            raise ActionNotPossible("The end of this standing reply has passed. Save a new one.")
        shadow = shadow_of(match)
        if shadow.differed:
            raise ActionNotPossible("People replied differently to matching blockers.")
        if not shadow.agreed:
            raise ActionNotPossible("None of the latest replies on this board is to a matching blocker.")
        standing.stage, standing.turned_on_by = Stage.ON, by
        standing.turned_on_at, standing.turned_on_position = utc_now(), position
        standing.save()
        limits = {"until": standing.ends_at.isoformat(), "max_uses": standing.max_uses}
        ingest_and_wait([about(standing, match.example, EventTypes.STANDING_REPLY_STARTED, by=by, **limits)])


def turn_off(standing_id: int, by: str) -> None:
    """Turn a standing reply off, or discard it while it is in shadow mode. Raises ActionNotPossible."""
    with transaction.atomic():
        standing = locked(standing_id)
        if standing.stage == Stage.OFF:
            raise ActionNotPossible("This standing reply is off already.")
        stop(standing, by=by)


def locked(standing_id: int) -> StandingReply:
    found = StandingReply.objects.select_for_update().filter(pk=standing_id).first()
    if found is None:
        raise ActionNotPossible("This standing reply does not exist.")
    return found


def stop(standing: StandingReply, reason: str = "", by: str = "") -> None:
    """Turn off a locked standing reply, by a person or for a reason, and withdraw the replies that are not sent."""
    change = "discarded" if standing.turned_on_at is None else "turned off"
    standing.stage, standing.turned_off_at = Stage.OFF, utc_now()
    standing.turned_off_by, standing.reason = by, reason
    standing.save()
    events = withdrawals(standing)
    if example := Blocker.objects.now().filter(blocker_id=standing.blocker_id).first():
        stated = {"by": by, "change": change} if by else {"reason": reason}
        events.append(about(standing, example, EventTypes.STANDING_REPLY_STOPPED, **stated))
    if events:
        ingest_and_wait(events)


def unsent(standing: StandingReply) -> QuerySet[Blocker]:
    """Return the blockers that have its reply while it can still be undone, as far as the tables know."""
    rows = Blocker.objects.now().filter(standing_reply=str(standing.pk), resolved_at=None)
    return rows.exclude(answer_id="").order_by("blocker_id")


def withdrawals(standing: StandingReply) -> list[Event]:
    """Make the events that take back what is not sent, by whoever has turned the standing reply off."""
    by, reason = standing.turned_off_by, f"its standing reply was turned off: {standing.reason}"
    stated = {"by": by} if by else {"reason": reason}
    return [
        blocker_event(row, EventTypes.ANSWER_WITHDRAWN, act_id(), source_by(by), answer_id=row.answer_id, **stated)
        for row in unsent(standing)
    ]


def about(standing: StandingReply, example: Blocker, event_type: str, by: str = "", **data: object) -> Event:
    """Make an event about a standing reply, by a person or by the system."""
    stated = ({"by": by} if by else {}) | data
    return blocker_event(example, event_type, act_id(), source_by(by), standing_reply=standing.pk, **stated)


def source_by(person: str) -> str:
    return source_of(USER, person) if person else BY_SYSTEM


def act_id() -> str:
    return f"act_{uuid.uuid4().hex}"
