"""Save a standing reply from an answered blocker, turn it on, and turn it off. Each is an event.

A standing reply begins in shadow. It can be turned on only where it agrees with every matching reply that people gave
(`standing_match.shadow_of`). Turning it off also withdraws its replies that are not sent yet: whoever changes it locks
its row, so none is given afterwards. `standing_uses` gives the replies.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from marcus_events.blockers.actions import ActionNotPossible, ingest_and_wait
from marcus_events.blockers.events import blocker_event
from marcus_events.blockers.standing_match import KINDS, MATCHERS, match_of, shadow_of
from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.reserved import SYSTEM, USER, source_of
from marcus_events.models import Blocker, StandingReply

MAX_USES = 1_000
LONGEST = timedelta(days=92)
BY_SYSTEM = source_of(SYSTEM, "standing-replies")
GONE = "the blocker that it was saved from has been removed or redacted"


def save(example: Blocker, by: str, fields: Collection[str], ends_at: datetime, max_uses: int) -> StandingReply:
    """Save the reply to a blocker as a standing reply, in shadow. Raises ActionNotPossible."""
    chosen = [name for name in MATCHERS if name in fields]
    if not example.answer_id or example.resolved_at is None or example.standing_reply:
        raise ActionNotPossible("Only a reply that a person wrote and that has been sent can become a standing reply.")
    if not any(MATCHERS[name](example) for name in chosen if name in KINDS):
        raise ActionNotPossible("Choose the same question or the same type.")
    if not utc_now() < ends_at <= utc_now() + LONGEST:
        raise ActionNotPossible(f"Choose an end within {LONGEST.days} days.")
    if not 1 <= max_uses <= MAX_USES:
        raise ActionNotPossible(f"Choose between 1 and {MAX_USES:,} replies.")
    with transaction.atomic():
        standing, is_new = StandingReply.objects.exclude(stage=StandingReply.Stage.OFF).get_or_create(
            blocker_id=example.blocker_id,
            defaults={
                "board_id": example.board_id,
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
            raise ActionNotPossible("This blocker or its reply has been redacted.")
        publish(standing, example, EventTypes.STANDING_REPLY_SAVED, source_of(USER, by), by=by, fields=chosen)
    return standing


def turn_on(standing_id: int, by: str) -> None:
    """Turn a standing reply on if its shadow agreed each time. Raises ActionNotPossible."""
    with transaction.atomic():
        standing = locked(standing_id)
        match = match_of(standing)
        if standing.stage != StandingReply.Stage.SHADOW:
            raise ActionNotPossible(f"This standing reply is {standing.get_stage_display()} already.")
        if match is None:
            raise ActionNotPossible(f"This cannot be turned on: {GONE}.")
        if standing.ends_at <= utc_now():
            raise ActionNotPossible("The end of this standing reply has passed. Save a new one.")
        shadow = shadow_of(match)
        if not shadow.is_unanimous:
            raise ActionNotPossible(
                f"People replied differently to {len(shadow.differed)} matching blockers."
                if shadow.differed
                else "None of the latest replies on this board is to a matching blocker."
            )
        standing.stage, standing.turned_on_by, standing.turned_on_at = StandingReply.Stage.ON, by, utc_now()
        standing.save()
        limits = {"until": standing.ends_at.isoformat(), "max_uses": standing.max_uses}
        publish(standing, match.example, EventTypes.STANDING_REPLY_STARTED, source_of(USER, by), by=by, **limits)


def turn_off(standing_id: int, by: str) -> None:
    """Turn a standing reply off, or discard it while it is in shadow. Raises ActionNotPossible."""
    with transaction.atomic():
        standing = locked(standing_id)
        if standing.stage == StandingReply.Stage.OFF:
            raise ActionNotPossible("This standing reply is off already.")
        stop(standing, f"by {by}", source_of(USER, by))


def locked(standing_id: int) -> StandingReply:
    found = StandingReply.objects.select_for_update().filter(pk=standing_id).first()
    if found is None:
        raise ActionNotPossible("This standing reply does not exist.")
    return found


def stop(standing: StandingReply, reason: str, source: str = BY_SYSTEM) -> None:
    """Turn off a locked standing reply, and withdraw what it has not sent yet."""
    standing.stage, standing.turned_off_at, standing.reason = StandingReply.Stage.OFF, utc_now(), reason
    standing.save()
    pending = Blocker.objects.now().filter(standing_reply=str(standing.pk), resolved_at=None).exclude(answer_id="")
    withdrawn = [withdrawal(blocker, source, reason) for blocker in pending]
    example = Blocker.objects.now().filter(blocker_id=standing.blocker_id).first()
    if example is not None:
        withdrawn.append(about(standing, example, EventTypes.STANDING_REPLY_STOPPED, source, reason=reason))
    if withdrawn:
        ingest_and_wait(withdrawn)


def withdrawal(blocker: Blocker, source: str, reason: str) -> Event:
    event_id = f"act_{uuid.uuid4().hex}"
    stated = {"answer_id": blocker.answer_id, "reason": f"The standing reply was turned off: {reason}"}
    return blocker_event(blocker, EventTypes.ANSWER_WITHDRAWN, event_id, source, **stated)


def publish(standing: StandingReply, example: Blocker, event_type: str, source: str, **data: object) -> None:
    ingest_and_wait([about(standing, example, event_type, source, **data)])


def about(standing: StandingReply, example: Blocker, event_type: str, source: str, **data: object) -> Event:
    event_id = f"act_{uuid.uuid4().hex}"
    return blocker_event(example, event_type, event_id, source, standing_reply=standing.pk, **data)
