"""Publish that an agent waits for the answer to a blocker, and that it has received it, so that people can see both.

An agent waits by long polling for the next `blocker_resolved` of its task. It counts as waiting for the duration of the
call and GRACE longer; when the call returns the answer, the answer counts as seen.

Both are writes: they happen only for a token with the scope `publish`, and only on the token's boards.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta

from marcus_events.access.visibility import Visibility, visibility_of_token
from marcus_events.blockers.events import blocker_event
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import PROGRAM, Authority, source_of
from marcus_events.ingest import ingest, log_refused
from marcus_events.models import Blocker, Token

GRACE = timedelta(seconds=5)  # between two calls of an agent that goes on waiting
MAX_BLOCKERS = 20  # blockers; a task has one or two


def is_recordable(token: Token | None, wanted: EventFilter) -> bool:
    """Whether this wait is recorded: it is for an answer, by a token that may publish."""
    is_for_an_answer = EventTypes.BLOCKER_RESOLVED in wanted.values("type") and bool(wanted.values("task"))
    return token is not None and "publish" in token.scopes and is_for_an_answer


def record_awaited(wanted: EventFilter, token: Token, timeout_s: float) -> None:
    """Publish that a program waits for the answers to these tasks for the next `timeout_s` seconds."""
    until = utc_now() + timedelta(seconds=timeout_s) + GRACE
    publish_events(
        [awaited_event(blocker, token.name, until) for blocker in open_blockers(wanted, visibility_of_token(token))]
    )


def open_blockers(wanted: EventFilter, visibility: Visibility) -> list[Blocker]:
    """Return the open blockers of the filter's tasks, on its boards and visible."""
    rows = Blocker.objects.now().filter(resolved_at=None, task_id__in=wanted.values("task"))
    for term in wanted.terms:
        if term.field in ("board", "board_id") and not term.exclude:
            rows = rows.filter(board_id__in=term.values)
    if visibility.boards is not None:
        rows = rows.filter(board_id__in=visibility.boards)
    return list(rows[:MAX_BLOCKERS])


def awaited_event(blocker: Blocker, program: str, until: datetime) -> Event:
    event_id = f"await_{uuid.uuid4().hex}"
    return blocker_event(
        blocker, EventTypes.ANSWER_AWAITED, event_id, source_of(PROGRAM, program), until=until.isoformat()
    )


def record_seen(answer: RecordedEvent, token: Token) -> None:
    """Publish, once per answer, that a program has received it."""
    if not visibility_of_token(token).shows(answer):
        return
    named = answer.data.get("blocker_event_id")
    rows = Blocker.objects.now().filter(task_id=answer.task_id or "", board_id=answer.board_id or "")
    found = (rows.filter(event_id=named) if named else rows).order_by("-blocker_id").first()
    if found is not None:
        # Named by the position: an event id may be as long as one can be, and two boards may have the same.
        event_id = f"seen_{answer.position}"
        publish_events([blocker_event(found, EventTypes.ANSWER_SEEN, event_id, source_of(PROGRAM, token.name))])


def record_blocker_awaited(blocker: Blocker, program: str, timeout_s: float) -> None:
    """Publish that a program waits for the answer to this blocker for the next `timeout_s` seconds."""
    publish_events([awaited_event(blocker, program, utc_now() + timedelta(seconds=timeout_s) + GRACE)])


def record_answer_received(blocker: Blocker, program: str, agent_id: str) -> None:
    """Publish through a program, once per answer and agent, that an agent has received the answer to this blocker."""
    if blocker.seen_at is not None:
        return
    resolved = Blocker.objects.filter(blocker_id=blocker.blocker_id, resolved_at__isnull=False)
    position = resolved.order_by("from_position").values_list("from_position", flat=True)[0]
    agent = hashlib.sha256(agent_id.encode()).hexdigest()[:16]  # an id may be as long as an event's can be
    about = {"received_by": agent_id}
    source = source_of(PROGRAM, program)
    publish_events([blocker_event(blocker, EventTypes.ANSWER_SEEN, f"seen_{position}_{agent}", source, **about)])


def publish_events(events: list[Event]) -> None:
    """Ingest the events. A rejected one is logged and does not end the wait."""
    if events:
        log_refused(ingest(events, Authority.SYSTEM), "that an answer is awaited or seen")
