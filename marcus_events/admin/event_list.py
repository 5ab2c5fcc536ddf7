"""The list of events: Django's page for a table, over questions to the log that never count or walk it.

1. Search box and filters make one EventFilter, and say between which positions to read.
2. The log gives a page of it. No QuerySet is run, and nothing is counted: how many events there are, the head knows.
3. The next page is asked for by the position of the last row (`before`), the one before by that of the first (`after`),
   so a page deep inside costs what the first one costs, and none is lost or shown twice while events come in.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from marcus_events import search
from marcus_events.admin.event_filters import Between, ByTime, Narrowing
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.log import read
from marcus_events.log.statement_timeout import QueryTimeout
from marcus_events.models import LoggedEvent

TOO_MUCH = "This search covers too much of the log. Narrow it by type, board, agent or time."


class EventList(ChangeList):
    """`newer` and `older` are the addresses of the pages before and after this one, "" where there is none."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Step 1 but for the search; parameters that are no filter of ours are refused, since they could be any."""
        self.after, self.before = self._taken("after"), self._taken("before")
        self.filter_specs, self.has_filters, others, _, self.has_active_filters = self.get_filters(request)
        if others:
            raise IncorrectLookupParameters
        self.clear_all_filters_qs = self.get_query_string(remove=list(self.get_filters_params()))
        return self.root_queryset.none()

    def _taken(self, name: str) -> int | None:
        """A position from the address, that links to other choices do not take along."""
        self.filter_params.pop(name, None)
        given = self.params.pop(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None

    def get_results(self, request: HttpRequest) -> None:
        """Step 2, in the names that Django's templates know."""
        rows = self._found(request)
        self.result_list = [row_of(recorded) for recorded in rows]
        self.result_count, self.full_result_count = len(rows), None
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = Paginator(rows, self.list_per_page)
        self.log_size = size_of(read.head())

    def _found(self, request: HttpRequest) -> list[RecordedEvent]:
        self.newer = self.older = ""
        try:
            wanted = self._wanted()
            after, before = next(spec.between() for spec in self.filter_specs if isinstance(spec, ByTime))
            return self._page(wanted, (after, before))
        except InvalidFilter as error:
            messages.error(request, str(error))
        except QueryTimeout:
            messages.error(request, TOO_MUCH)
        return []

    def _wanted(self) -> EventFilter:
        wanted = EventFilter.parse(self.query)
        for spec in self.filter_specs:
            wanted = spec.narrow(wanted) if isinstance(spec, Narrowing) else wanted
        return wanted

    def _page(self, wanted: EventFilter, between: Between) -> list[RecordedEvent]:
        """Step 3. Where there is less than a page of newer ones, the newest page shows them all."""
        since, until = between
        if self.after is not None:
            after = max(self.after, since or 0)
            newer = read_page(wanted, after=after, before=until, limit=self.list_per_page, newest_first=False)
            if newer.has_more:
                return self._linked(newer.events[::-1], newer=True, older=True)
            self.before = None
        before = min((position for position in (self.before, until) if position is not None), default=None)
        page = read_page(wanted, after=since, before=before, limit=self.list_per_page)
        return self._linked(page.events, newer=self.before is not None, older=page.has_more)

    def _linked(self, rows: list[RecordedEvent], *, newer: bool, older: bool) -> list[RecordedEvent]:
        if not rows:
            self.newer = self.get_query_string() if newer else ""
            return rows
        self.newer = self.get_query_string({"after": rows[0].position}) if newer else ""
        self.older = self.get_query_string({"before": rows[-1].position}) if older else ""
        return rows


def read_page(
    wanted: EventFilter, *, after: int | None, before: int | None, limit: int, newest_first: bool = True
) -> read.EventPage:
    """The one place where the admin asks the log; those of removed boards are there too. Raises TookTooLong."""
    return search.page(wanted, after=after, before=before, limit=limit, newest_first=newest_first, hide_removed=False)


def size_of(head: read.Head) -> int:
    return head.position - head.oldest + 1


def row_of(recorded: RecordedEvent) -> LoggedEvent:
    """As the model that Django's templates ask for, with what was read of the log."""
    said = recorded.event
    row = LoggedEvent(
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        event_id=said.event_id,
        source=said.source,
        event_type=said.event_type,
        timestamp=said.timestamp,
        data=said.data,
        metadata=said.metadata,
        board_id=recorded.board_id,
        task_id=recorded.task_id,
        agent_id=recorded.agent_id,
    )
    row.recorded = recorded  # type: ignore[attr-defined]
    return row
