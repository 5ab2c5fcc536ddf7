"""Boards as they are now, and how far each projection has come."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from marcus_events.admin import display
from marcus_events.admin.base import ReadOnly
from marcus_events.log import read
from marcus_events.models import Blocker, BoardNow, Checkpoint, HourlyRate, Task


@admin.register(BoardNow)
class BoardAdmin(ReadOnly):
    section, about = "Log", "The current state of each board."
    list_display = ("name_shown", "tasks", "open_blockers", "events", "since", "kind", "board_id_shown")
    search_fields = ("name", "board_id")
    ordering = ("name",)
    sortable_by = ()
    fields = readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[BoardNow]:
        blockers = Blocker.objects.now().filter(resolved_at=None)
        found: QuerySet[BoardNow] = BoardNow.objects.now().annotate(
            number_of_tasks=numbered(Task.objects.now(), Count("task_id")),
            number_blocked=numbered(blockers, Count("blocker_id")),
            number_of_events=numbered(HourlyRate.objects.all(), Sum("count")),
        )
        return found

    def page_of(self, shown: Any) -> str:
        return reverse("board", args=[shown.board_id])

    @admin.display(description="board")
    def name_shown(self, board: BoardNow) -> SafeString | str:
        return display.text(board.name or board.board_id)

    @admin.display(description="id")
    def board_id_shown(self, board: BoardNow) -> SafeString | str:
        return display.code(board.board_id)

    @admin.display(description="tasks")
    def tasks(self, board: Any) -> SafeString:
        return display.number(board.number_of_tasks)

    @admin.display(description="open blockers")
    def open_blockers(self, board: Any) -> SafeString:
        return display.number(board.number_blocked)

    @admin.display(description="events")
    def events(self, board: Any) -> SafeString:
        return display.number(board.number_of_events)

    @admin.display(description="kind")
    def kind(self, board: BoardNow) -> str:
        return "demo" if board.demo else display.NOTHING

    @admin.display(description="since")
    def since(self, board: BoardNow) -> SafeString | str:
        return display.moment(board.created_at)


def numbered(rows: QuerySet[Any], number: Count | Sum) -> Coalesce:
    """A number over the rows of a board; 0 for none."""
    of_board = rows.filter(board_id=OuterRef("board_id")).order_by().values("board_id")
    return Coalesce(Subquery(of_board.annotate(number=number).values("number"), output_field=IntegerField()), 0)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    section = "Log"
    about = "Tables derived from the log: the position and lag of each."
    list_display = ("projection", "at", "lag")
    ordering = ("projection",)
    fields = readonly_fields = (*list_display, "epoch")
    sortable_by = ()

    @admin.display(description="position")
    def at(self, row: Checkpoint) -> SafeString:
        return display.number(row.position)

    @admin.display(description="lag")
    def lag(self, row: Checkpoint) -> SafeString:
        return display.number(max(read.head().position - row.position, 0))
