"""Redact an event: replace its data with a marker, and remove its text from everything derived from it.

    redact(4711, "ada", "It held a password", "192.0.2.7")

1. The event keeps its position, type, source, times and ids. Its id and digest remain, so that the same event is a
   duplicate if it is sent again. It also keeps its effect on the state: see `core.reducers.redacted_effect`.
2. One transaction rewrites the state (`projections.redaction_rewrite`), clears the search index and the errors of
   subscriptions, replaces the data, stores both leaves for the hash chain, and appends `event_redacted`, which is
   caused by the event.
3. An answer is in the log twice, as a person gave it and as it was sent. Both are redacted together.
4. An event can be redacted once. Audit events cannot be redacted.
5. Copies are not reached: backups, exports, log files of handlers, and programs that received the event. Open pages
   reload.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction

from marcus_events.blockers.replies import MAX_ATTEMPTS, SENT_SUFFIX, reply_event_id
from marcus_events.core.causation import CAUSATION, CORRELATION
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_fields import text_in
from marcus_events.core.event_types import EventTypes, category_of
from marcus_events.core.redaction_marker import REDACTED, redaction_marker, remaining_metadata
from marcus_events.core.reducers.redacted_effect import REPEATED, effect_of, ids_in
from marcus_events.core.reserved import USER, Authority, source_of
from marcus_events.http.rejected_requests import MAX_ADDRESS, sanitise
from marcus_events.ingest import entry_from
from marcus_events.log import identities, read
from marcus_events.log.append import append
from marcus_events.log.leaves import lock_both_leaves
from marcus_events.log.listener import LOG_CHANNEL
from marcus_events.log.partitions import with_room
from marcus_events.log.redacted_bodies import ReplacedBody, ids_of_others, is_redacted, replace_body
from marcus_events.log.rows import execute
from marcus_events.models import Board, ParkedEvent, ProjectionName, Subscription, Task
from marcus_events.projections.redaction_rewrite import Rewriting

MAX_REASON = 300  # characters
WAIT = "10s"  # for the projector's step; a rebuild takes longer, and is not waited for

HOLD_STATE = "SELECT FROM checkpoint WHERE projection = %s FOR UPDATE"
FORGET_WORDS = "UPDATE search SET words = ''::tsvector WHERE position = %s"


class CannotRedact(ValueError):
    """The event cannot be redacted; the message, for people, says why."""


def redact(position: int, by: str, reason: str, address: str = "") -> int:
    """Redact an event and return the position of its `event_redacted`.

    Raises CannotRedact, or psycopg.OperationalError if the database is busy or unavailable.
    """
    stated = sanitise(reason.strip(), MAX_REASON)
    if not stated:
        raise CannotRedact("Enter a reason.")
    act = RedactionRequest(by, stated, sanitise(address, MAX_ADDRESS), utc_now().replace(microsecond=0))
    try:
        records = with_room(lambda: redact_in_transaction(act, position))
    except OperationalError as error:
        raise psycopg.OperationalError(str(error)) from error
    return records[0]


def redact_in_transaction(act: RedactionRequest, position: int) -> list[int]:
    with transaction.atomic():
        execute("SELECT set_config('lock_timeout', %s, true)", [WAIT])
        execute(HOLD_STATE, [ProjectionName.STATE])
        event = find_redactable(position)
        records = act.carry_out([event, *copies_of(event)])
        execute("SELECT pg_notify(%s, %s)", [LOG_CHANNEL, str(records[-1])])
        return records


def find_redactable(position: int) -> RecordedEvent:
    event = read.event(position)
    if event is None:
        raise CannotRedact(f"Event {position} does not exist.")
    if category_of(event.event_type) == "audit":
        raise CannotRedact("Audit events cannot be redacted.")
    if is_redacted(position):
        raise CannotRedact("This event is already redacted.")
    return event


def copies_of(event: RecordedEvent) -> list[RecordedEvent]:
    """Return the other events that hold the same answer."""
    answer_id, sent, _ = event.event.event_id.partition(SENT_SUFFIX)
    if event.event_type == EventTypes.BLOCKER_ANSWERED:
        others = [reply_event_id(answer_id, attempt) for attempt in range(1, MAX_ATTEMPTS + 1)]
    elif event.event_type == EventTypes.BLOCKER_RESOLVED and sent:
        others = [answer_id]
    else:
        return []
    positions = [identities.position_of(replace(event.event, event_id=other)) for other in others]
    copies = [copy for position in positions if position and (copy := read.event(position))]
    return [copy for copy in copies if not is_redacted(copy.position)]


class RedactionRequest:
    """A redaction: by which user, for which reason, from which address and when."""

    def __init__(self, by: str, reason: str, address: str, at: datetime) -> None:
        self.by, self.reason, self.address, self.at = by, reason, address, at
        self.marker = redaction_marker(by, at, reason)

    def carry_out(self, events: list[RecordedEvent]) -> list[int]:
        """Redact the events and return the positions of the records (step 2).

        The slow part comes first: the append locks the log.
        """
        redacted = [self.forgotten(event) for event in events]
        return [self.replaced(event) for event in redacted]

    def forgotten(self, event: RecordedEvent) -> RecordedEvent:
        """The event as it is to stand in the log. It is out of everything that was derived from it."""
        rewriting = Rewriting(event)
        metadata = metadata_of_redacted(event, is_repeat=rewriting.is_repeat)
        redacted = replace(event, event=replace(event.event, data=self.marker, metadata=metadata))
        rewriting.rewrite(redacted)
        remove_text(event.position)
        return redacted

    def replaced(self, event: RecordedEvent) -> int:
        """The position of the record."""
        both = lock_both_leaves(event.position, event.data, event.metadata)
        if both is None:
            raise CannotRedact(f"Event {event.position} does not exist.")  # retention has just removed it
        leaf, marked = both
        said = self.record_of(event, leaf=leaf.hex(), marked=marked.hex())
        connection.ensure_connection()
        [place] = append(connection.connection, [entry_from(said, Authority.SYSTEM)])
        by = self.by, self.reason, self.at
        replace_body(ReplacedBody(event.position, *by, event.data, event.metadata, leaf, marked, place.position))
        return place.position

    def record_of(self, event: RecordedEvent, **leaves: str) -> Event:
        about = {"by": self.by, "address": self.address, "position": event.position, "reason": self.reason}
        cause = {CAUSATION: event.event.event_id, CORRELATION: event.event.event_id}
        stated = about | {"type": event.event_type} | leaves
        return Event(
            f"audit_{uuid.uuid4().hex}", self.at, EventTypes.EVENT_REDACTED, source_of(USER, self.by), stated, cause
        )


def metadata_of_redacted(event: RecordedEvent, *, is_repeat: bool) -> dict[str, Any]:
    """What remains of it."""
    event_ids, task_ids, board_ids = ids_in(event)
    correlation = text_in(event.metadata.get(CORRELATION))
    event_ids += [correlation] if correlation else []
    bears = ids_of_others(event_ids, event.position)
    bears |= set(Task.objects.filter(task_id__in=task_ids).values_list("task_id", flat=True))
    bears |= set(Board.objects.filter(board_id__in=board_ids).values_list("board_id", flat=True))
    return remaining_metadata(event, effect_of(event, bears) | ({REPEATED: True} if is_repeat else {}), bears)


def remove_text(position: int) -> None:
    """Remove the event's text from the search index, and errors of handlers, which may quote it."""
    execute(FORGET_WORDS, [position])
    ParkedEvent.objects.filter(position=position).exclude(error="").update(error=REDACTED)
    failing = Subscription.objects.filter(position__lt=position, attempts__gt=0)
    failing.exclude(last_error="").update(last_error=REDACTED)
