"""The table of open blockers: sorting, filters, and counts per severity, assignee and board; snoozed ones apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from dashboard.queries import blockers, current_state
from dashboard.queries.blockers import SEVERITY_WEIGHT, OpenBlocker
from dashboard.queries.numbered_pages import Paging
from dashboard.queries.root_causes import RootCause, cause_of, causes, of_cause
from dashboard.visibility import Scope

PAGE = 40  # blockers
MAX_BOARDS = 12  # to choose from; the switcher has them all
MAX_SNOOZED = 40  # shown


@dataclass(frozen=True)
class OpenRow:
    """A blocker and all open ones of the same cause."""

    need: OpenBlocker
    cause: RootCause


@dataclass(frozen=True)
class TableChoice:
    value: str
    words: str
    number: int


@dataclass(frozen=True)
class OpenTable:
    """`total` counts the board's open blockers without snoozed ones, `causes` their causes; `rows` are a page of those
    that match the chosen severity, cause and assignee. `matching` counts all of these, and `ranked` those that are on
    any page. `snoozed` are the snoozed ones that match, `more_snoozed` counts those not shown.
    """

    rows: list[OpenRow]
    paging: Paging
    ranked: int
    matching: int
    total: int
    causes: int
    severities: list[TableChoice]
    assignees: list[TableChoice]
    boards: list[TableChoice]
    snoozed: list[OpenRow]
    more_snoozed: int
    has_several_boards: bool

    @property
    def hidden(self) -> int:
        """How many are on no page."""
        return self.matching - self.ranked

    @property
    def has_deserted(self) -> bool:
        """Whether the page shows blockers of boards that nobody works on, in a group of their own."""
        return any(row.need.is_deserted for row in self.rows)


def open_table(
    scope: Scope,
    now: datetime,
    *,
    severity: str = "",
    cause: str = "",
    assignee: str = "",
    sort: str = "",
    page: str = "",
) -> OpenTable:
    everything = blockers.unsnoozed_rows(scope, now)
    rows = chosen_rows(everything, severity, cause, assignee)
    items = blockers.open_blockers(scope, sort, now, rows)
    asleep = chosen_rows(blockers.open_rows(scope).filter(snoozed_until__gt=now), severity, cause, assignee)
    snoozed = blockers.open_blockers(scope, sort, now, asleep)
    alike = {cause.key: cause for cause in causes(items, now)}
    if sort == "cause":
        items = [item for cause in alike.values() for item in cause.items]
    paging, counted = Paging.of(page, PAGE), severities(everything)
    end = paging.skip + PAGE
    total = sum(choice.number for choice in counted)
    return OpenTable(
        rows=[OpenRow(item, alike[cause_of(item.blocker)]) for item in items[paging.skip : end]],
        paging=paging.with_next(len(items) > end),
        ranked=len(items),
        matching=rows.count() if severity or cause or assignee else total,
        total=total,
        causes=blockers.count_causes(everything),
        severities=counted,
        assignees=[TableChoice(name, name, number) for name, number in blockers.assigned(everything).items()],
        boards=boards(everything),
        snoozed=[OpenRow(item, cause) for cause in causes(snoozed, now) for item in cause.items][:MAX_SNOOZED],
        more_snoozed=max(len(snoozed) - MAX_SNOOZED, 0),
        has_several_boards=blockers.has_several_boards(scope),
    )


def chosen_rows(rows: Any, severity: str, cause: str, assignee: str) -> Any:
    if severity:
        rows = rows.filter(severity=severity)
    if assignee:
        rows = rows.filter(assignee=assignee)
    return of_cause(rows, cause) if cause else rows


def severities(rows: Any) -> list[TableChoice]:
    """Most severe first."""
    counted = dict(rows.order_by().values_list("severity").annotate(number=Count("*")))
    worst_first = sorted(counted, key=lambda severity: -SEVERITY_WEIGHT.get(severity, 0))
    return [TableChoice(severity, severity.capitalize(), counted[severity]) for severity in worst_first]


def boards(rows: Any) -> list[TableChoice]:
    """Those with the most blockers first."""
    of_board = rows.order_by().exclude(board_id="").values_list("board_id").annotate(number=Count("*"))
    counted = list(of_board.order_by("-number", "board_id")[:MAX_BOARDS])
    names = current_state.board_names(board_id for board_id, _ in counted)
    return [TableChoice(board_id, names.get(board_id, board_id), number) for board_id, number in counted]
