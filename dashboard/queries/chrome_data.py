"""Reads the data around every page: boards for the switcher, and alerts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.queries import blockers, current_state
from dashboard.queries.root_causes import by_cause, cause_of
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event import utc_now
from marcus_events.core.event_fields import SEVERITIES, text_in
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import person_in
from marcus_events.log import read
from marcus_events.sources.demo_script import BOARD as DEMO

NEWS = timedelta(minutes=3)  # older blockers are history being read in and raise no alert
MAX_ALERTS = 20
MAX_CHOICES = 20  # boards; the page Boards has all
LATELY = 2_000  # newest events read to find recently active boards
MAX_ROWS = 500  # read for alerts
MAX_ASSIGNED = 20  # assignments read for alerts


@dataclass(frozen=True)
class Switcher:
    """The boards to choose from. If there are `more`, those with recent events, and the chosen one."""

    boards: list[models.Board]
    more: bool


def switcher(scope: Scope) -> Switcher:
    everywhere = scope.everywhere()
    found = current_state.boards(everywhere, MAX_CHOICES + 1)
    if len(found) <= MAX_CHOICES:
        return Switcher(found, more=False)
    rows = models.Board.objects.now().filter(**everywhere.on())
    lately = list(rows.filter(board_id__in=read.recent_boards(LATELY))[:MAX_CHOICES])
    chosen = list(rows.filter(board_id=scope.board)) if scope.board else []
    shown = {row.board_id: row for row in [*found[: MAX_CHOICES - len(lately)], *lately, *chosen]}
    return Switcher(sorted(shown.values(), key=lambda row: (row.demo, row.name.casefold(), row.board_id)), more=True)


def demos(scope: Scope) -> list[models.Board]:
    """Return the demo's board. Other boards that claim to be a demo are not ours to remove."""
    return list(models.Board.objects.now().filter(demo=True, **scope.on()).filter(board_id=DEMO))


@dataclass(frozen=True)
class Alert:
    """A root cause: blockers with the same description on the same board. `blocker` is the first."""

    blocker: models.Blocker
    task: str
    agent: str
    severity: str  # the highest
    more: int = 0  # number of others

    @property
    def cause(self) -> str:
        return cause_of(self.blocker)


def alerts(scope: Scope) -> list[Alert]:
    """Return causes that are new and still open, on any of these boards, newest first."""
    now = utc_now()
    rows = blockers.open_rows(scope).filter(opened_at__gt=now - NEWS, opened_at__lt=now + NEWS)
    alike = by_cause(rows.order_by("-opened_at")[:MAX_ROWS])
    known = known_before(alike.values(), scope, now)
    fresh = [found for cause, found in alike.items() if worst(found) > known.get(cause, -1)]
    return named(fresh[:MAX_ALERTS])


@dataclass(frozen=True)
class AssignmentAlert:
    """Somebody gave a blocker to somebody else just now. Its page tells the assignee alone."""

    position: int
    blocker: models.Blocker
    task: str
    by: str
    at: datetime


def assignments(scope: Scope) -> list[AssignmentAlert]:
    """Return who was given a blocker lately by somebody else and still has it, newest first."""
    since = utc_now() - NEWS
    rows = blockers.open_rows(scope).filter(from_time__gt=since).exclude(assignee="")
    fresh = {row.event_id: row for row in rows.order_by("-from_position")[:MAX_ASSIGNED]}
    if not fresh:
        return []
    wanted = replace(EventFilter().with_term("type", EventTypes.BLOCKER_ASSIGNED), since=since)
    told = read.events(wanted, limit=MAX_ASSIGNED)
    names = blockers.names_of(fresh.values())
    found: dict[str, AssignmentAlert] = {}
    for event in told:
        row = fresh.get(text_in(event.data.get("blocker_event_id")) or "")
        by = person_in(event.source)
        if row and row.event_id not in found and text_in(event.data.get("assignee")) == row.assignee != by:
            task = names.task(row.board_id, row.task_id)
            found[row.event_id] = AssignmentAlert(event.position, row, task, by, event.timestamp)
    return list(found.values())


def known_before(alike: Collection[list[models.Blocker]], scope: Scope, now: datetime) -> dict[str, int]:
    """Return the severity that a cause already had. Another report is an alert only if it is more severe."""
    if not alike:
        return {}
    wanted = {
        "board_id__in": {rows[0].board_id for rows in alike},
        "description__in": {r[0].description for r in alike},
    }
    older = blockers.open_rows(scope).filter(opened_at__lte=now - NEWS).filter(**wanted)[:MAX_ROWS]
    found: dict[str, int] = {}
    for row in older:
        found[cause_of(row)] = max(found.get(cause_of(row), -1), worst([row]))
    return found


def worst(rows: list[models.Blocker]) -> int:
    return max(SEVERITIES.index(row.severity) for row in rows)


def named(alike: list[list[models.Blocker]]) -> list[Alert]:
    names = blockers.names_of(rows[-1] for rows in alike)
    return [alert(rows, names) for rows in alike]


def alert(rows: list[models.Blocker], names: current_state.KnownNames) -> Alert:
    """Build an alert from rows, newest first."""
    first = rows[-1]
    task, agent = names.task(first.board_id, first.task_id), names.agent(first.board_id, first.agent_id)
    return Alert(first, task, agent, SEVERITIES[worst(rows)], len(rows) - 1)
