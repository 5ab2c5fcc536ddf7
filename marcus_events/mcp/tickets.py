"""The blocker that a ticket names, and what has become of it.

A ticket is the id of the event that reported the blocker, so it survives restarts, and agents may hold it for days. Two
reports of one question are one blocker: the ticket of the second one leads to it as well.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.db.models import QuerySet

from marcus_events.access.visibility import Visibility
from marcus_events.blockers.outcome import ended_by, status_of
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.problem import Problem
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.core.sentences import field
from marcus_events.core.text_identity import normalised
from marcus_events.log import identities
from marcus_events.mcp.tool_shapes import EarlierAnswer, ReportedBlocker, WaitingAnswer
from marcus_events.models import Blocker

UNKNOWN = (
    "There is no blocker with this ticket on a board that this token can access. See list_blockers with mine=true."
)
MAX_EARLIER, MAX_WAITING = 3, 5
MAX_AGE = timedelta(days=30)  # of an answer that an agent is told of: an older one is for a conversation that has ended


def find_report(ticket: str, visibility: Visibility) -> RecordedEvent:
    """Return the event that reported the blocker. Raises Problem."""
    found = identities.by_event_id(ticket, boards=visibility.boards)
    if found is None or found.event_type != EventTypes.TASK_BLOCKED or not visibility.shows(found):
        raise Problem(HTTPStatus.NOT_FOUND, UNKNOWN)
    return found


def find_blocker(report: RecordedEvent) -> Blocker | None:
    """Return the blocker of a report; None until the projection has applied it."""
    of_task = Blocker.objects.now().filter(board_id=report.board_id or "", task_id=report.task_id or "")
    own: Blocker | None = of_task.filter(blocker_id=report.position).first()
    if own is not None:
        return own
    description = normalised(str(report.data.get("description", "")))
    earlier = of_task.filter(blocker_id__lt=report.position, description=description)
    repeated: Blocker | None = earlier.order_by("-blocker_id").first()
    return repeated


def open_blocker_of(board_id: str, task_id: str, question: str) -> Blocker | None:
    """Return the task's open blocker with this question, which a second report would not change."""
    rows = Blocker.objects.now().filter(board_id=board_id, task_id=task_id, resolved_at=None)
    found: Blocker | None = rows.filter(description=normalised(question)).first()
    return found


def reported_blocker(row: Blocker) -> ReportedBlocker:
    is_resolved = row.resolved_at is not None
    return {
        "ticket": row.event_id,
        "status": status_of(row),
        "task": row.task_id,
        "board": row.board_id,
        "agent": row.agent_id or None,
        "question": row.description,
        "severity": row.severity,
        "reported_at": row.opened_at.isoformat(),
        "answer": row.resolution or None if is_resolved else None,
        "answered_by": ended_by(row),
        "answered_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "acknowledged_by": row.acknowledged_by or None,
        "assigned_to": row.assignee or None,
    }


def unprojected_blocker(report: RecordedEvent) -> ReportedBlocker:
    """Return the blocker of a report that the projection has not applied yet."""
    return {
        "ticket": report.event.event_id,
        "status": "waiting",
        "task": report.task_id or "",
        "board": report.board_id or "",
        "agent": report.agent_id,
        "question": field(report, "description"),
        "severity": field(report, "severity") or "medium",
        "reported_at": report.happened_at.isoformat(),
        **dict.fromkeys(("answer", "answered_by", "answered_at", "acknowledged_by", "assigned_to")),  # type: ignore[typeddict-item]
    }


def answered() -> QuerySet[Blocker]:
    """The blockers that a person has answered."""
    return Blocker.objects.now().filter(resolved_at__isnull=False).exclude(answer_id="")


def earlier_answers(board_id: str, question: str) -> list[EarlierAnswer]:
    """Return the newest answers to the same question on this board, whatever its case."""
    same = answered().filter(board_id=board_id, description__iexact=normalised(question)).exclude(description=REDACTED)
    return [
        {
            "ticket": row.event_id,
            "task": row.task_id,
            "answer": row.resolution,
            "answered_by": row.answered_by,
            "answered_at": row.resolved_at.isoformat() if row.resolved_at else "",
        }
        for row in same.order_by("-resolved_at")[:MAX_EARLIER]
    ]


def waiting_answers(agent: str, visibility: Visibility) -> list[WaitingAnswer]:
    """Return the answers to an agent's blockers that nobody has received."""
    if not agent:
        return []
    rows = answered().filter(agent_id=agent, seen_at=None, resolved_at__gte=utc_now() - MAX_AGE)
    if visibility.boards is not None:
        rows = rows.filter(board_id__in=visibility.boards)
    found = rows.order_by("-resolved_at")[:MAX_WAITING]
    return [{"ticket": row.event_id, "task": row.task_id, "question": row.description} for row in found]
