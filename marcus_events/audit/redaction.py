"""Redaction: what an event says is replaced by a marker; that it happened, where and when remains.

    redact(4711, "ada", "It held a password", "192.0.2.7")

1. The event keeps its place, type, source, times and the ids of what it is about. Its identity and digest remain, so
   that the same event sent again is a duplicate and does not come back. It also keeps what it did: see
   `core.reducers.redacted_effect`.
2. One transaction derives anew what was derived from it (`projections.rewriting`), takes it out of the search index and
   out of the errors of subscriptions, replaces the body, writes down what the hash chain needs (both leaves), and
   appends `event_redacted`, which is caused by the event.
3. An answer stands in the log twice: as a person gave it, and as it was sent. Both are redacted together.
4. Once only, and never of the audit trail: what people did here stays.
5. Copies elsewhere are not reached: backups, exports, log files of handlers, and what programs have received by then.
   Open pages load themselves anew.
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
    """This event cannot be redacted; the message tells a person why."""


def redact(position: int, by: str, reason: str, address: str = "") -> int:
    """Returns the position of the record. Raises NotPossible, or psycopg.OperationalError where it cannot be now."""
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
    """The same answer, as the application has published it a second time."""
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
    """One redaction: by whom, why, from where and when."""

    def __init__(self, by: str, reason: str, address: str, at: datetime) -> None:
        self.by, self.reason, self.address, self.at = by, reason, address, at
        self.marker = redaction_marker(by, at, reason)

    def carry_out(self, events: list[RecordedEvent]) -> list[int]:
        """Step 2. The positions of the records. What takes long comes first: the log is locked from the append on."""
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
    """Out of the search index, and out of what handlers said when they failed on it: they may have quoted it."""
    execute(FORGET_WORDS, [position])
    ParkedEvent.objects.filter(position=position).exclude(error="").update(error=REDACTED)
    failing = Subscription.objects.filter(position__lt=position, attempts__gt=0)
    failing.exclude(last_error="").update(last_error=REDACTED)
