"""Who waits for the answer to a blocker, and who has been given it: each said in an event, so that people can tell.

An agent waits for its answer with one call, that for the next `blocker_resolved` of its task. While it waits, and a
moment longer until it asks again, "an agent is listening" is true; when it has been handed the answer, it has seen it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from marcus_events.core.event import Event, Recorded, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.core.vocabulary import EventTypes
from marcus_events.handling import about
from marcus_events.ingest import ingest
from marcus_events.models import Blocker

GRACE = timedelta(seconds=5)  # between two calls of an agent that goes on waiting
MANY = 20  # blockers; a task has one or two


def is_for_an_answer(wanted: EventFilter) -> bool:
    return EventTypes.BLOCKER_RESOLVED in wanted.values("type") and bool(wanted.values("task"))


def note_awaited(wanted: EventFilter, program: str, timeout_s: float) -> None:
    """A program waits for the answers to these tasks from now on, for so long."""
    until = utc_now() + timedelta(seconds=timeout_s) + GRACE
    if events := [awaited(blocker, program, until) for blocker in open_blockers(wanted)]:
        ingest(events)


def open_blockers(wanted: EventFilter) -> list[Blocker]:
    rows = Blocker.objects.now().filter(resolved_at=None, task_id__in=wanted.values("task"))
    if boards := [*wanted.values("board_id"), *wanted.values("board")]:
        rows = rows.filter(board_id__in=boards)
    return list(rows[:MANY])


def awaited(blocker: Blocker, program: str, until: datetime) -> Event:
    event_id = f"await_{uuid.uuid4().hex}"
    return about(blocker, EventTypes.ANSWER_AWAITED, event_id, source_of(program), until=until.isoformat())


def note_seen(answer: Recorded, program: str) -> None:
    """A program was handed this answer; of the same one again nothing comes."""
    named = answer.data.get("blocker_event_id")
    rows = Blocker.objects.now().filter(task_id=answer.task_id or "", board_id=answer.board_id or "")
    found = (rows.filter(event_id=named) if named else rows).order_by("-blocker_id").first()
    if found is not None:
        ingest([about(found, EventTypes.ANSWER_SEEN, f"{answer.event.event_id}:seen", source_of(program))])


def source_of(program: str) -> str:
    return f"program:{program}"
