"""Reads a page of the list of boards: sorted, with finished boards apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FloatField, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Left, Lower, NullIf

from dashboard.pages.boards.queries import PAGE, Summary, is_finished, summaries
from dashboard.queries import blockers, current_state
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.log.board_activity import boards_by_activity

SORTS = {"": "Board", "progress": "Progress", "blocked": "Blocked", "activity": "Last activity"}
BY_NAME = ("demo", Left(Lower("name"), 64), "board_id")
MOST_BY_ACTIVITY = 2_000  # boards that are sorted by their newest event; search finds the others


@dataclass(frozen=True)
class Summaries:
    """A page of boards. `unfinished` and `finished` count matches, up to COUNT_CAP."""

    items: list[Summary]
    paging: Paging
    unfinished: int
    finished: int
    shows_finished: bool
    sort: str

    @property
    def number(self) -> int:
        return self.finished if self.shows_finished else self.unfinished


def listed(scope: Scope, called: str = "", page: str = "", sort: str = "", *, finished: bool = False) -> Summaries:
    """Return the unfinished boards, or the finished ones; those whose name or id contains the search text.

    Finished ones are shown too where there are no others.
    """
    matching, cap = current_state.matching(scope, called), current_state.COUNT_CAP
    number_finished = int(matching.filter(is_finished()).order_by()[:cap].count())
    number_open = int(matching.exclude(is_finished()).order_by()[:cap].count())
    shows_finished = bool(number_finished) and (finished or not number_open)
    rows = matching.filter(is_finished()) if shows_finished else matching.exclude(is_finished())
    paging, sort = Paging.of(page, PAGE), sort if sort in SORTS else ""
    found = ordered(rows, sort, scope)[paging.skip : paging.skip + PAGE + 1]
    items = summaries(scope, list(found)[:PAGE])
    return Summaries(items, paging.with_next(len(found) > PAGE), number_open, number_finished, shows_finished, sort)


def ordered(rows: Any, sort: str, scope: Scope) -> Any:
    if sort == "activity":
        return by_activity(rows.order_by(*BY_NAME)[:MOST_BY_ACTIVITY], scope)
    if sort == "blocked":
        return rows.annotate(rank=number_of(blockers.open_rows(scope))).order_by(F("rank").desc(), *BY_NAME)
    if sort == "progress":
        tasks = models.Task.objects.now()
        done = Cast(number_of(tasks.filter(status="done")), FloatField())
        share = done / NullIf(number_of(tasks), Value(0))
        return rows.annotate(rank=share).order_by(F("rank").desc(nulls_last=True), *BY_NAME)
    return rows.order_by(*BY_NAME)


def number_of(rows: Any) -> Any:
    """Count the rows of each board."""
    counted = rows.filter(board_id=OuterRef("board_id")).order_by().values("board_id").annotate(number=Count("*"))
    return Coalesce(Subquery(counted.values("number"), output_field=IntegerField()), Value(0))


def by_activity(rows: Any, scope: Scope) -> list[models.Board]:
    """Sort by the newest event; by name where that is not among the newest."""
    newest = boards_by_activity(scope.boards, scope.visibility.hidden_types, MOST_BY_ACTIVITY)
    rank = {board_id: n for n, board_id in enumerate(newest)}
    return sorted(rows, key=lambda board: rank.get(board.board_id, MOST_BY_ACTIVITY))
