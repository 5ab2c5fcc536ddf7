"""What a viewer looks at: the page, the board and the filters, as they stand in the URL, and what they may see of it.

A look is hashable, so that everybody who looks at the same is shown what was rendered once. The same query string opens
the page and its WebSocket, and rebuilds the look in both places. What the viewer may see never comes from a URL, and is
nothing where nobody has said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from urllib.parse import urlencode

from dashboard.visibility import NOTHING, Scope, Visibility
from marcus_events.core.filters import EventFilter

MAX_PARAMETER = 512  # characters, as the longest id may have; nobody filters by anything longer
MAX_QUERY = 1_200  # characters of `q`: two long ids; as an address it stays within the 16 KiB that servers read


@dataclass(frozen=True)
class PageState:
    """Every field but `page` and `sight` is a parameter of the URL, "" where it is not given."""

    page: str
    board: str = ""
    q: str = ""
    category: str = ""
    type: str = ""
    agent: str = ""
    task: str = ""
    noise: str = ""
    sort: str = ""
    done: str = ""
    span: str = ""  # of a timeline: see dashboard.timeline.time_axis
    until: str = ""  # when a timeline ends; now where it is not given
    severity: str = ""  # of the open blockers
    cause: str = ""  # the root cause of the open blockers
    took: str = ""  # how long the resolved blockers took: see dashboard.pages.blocked.delays
    order: str = ""  # of History: "oldest" first, or the newest
    columns: str = ""  # of History: paths into the data, such as data.progress, between commas
    p: str = ""  # of a list in pages: the number of the page
    older: str = ""  # the resolved blockers older than this: see dashboard.pages.blocked.resolved_table
    visibility: Visibility = field(default=NOTHING, kw_only=True)

    @classmethod
    def at(cls, page: str, parameters: Mapping[str, str], visibility: Visibility = NOTHING) -> PageState:
        """The look of a request's GET parameters; what is not a parameter of a look is left aside."""
        given = {name: storable(parameters.get(name, ""))[: room(name)] for name in parameters_of(cls)}
        return cls(page, **given, visibility=visibility)

    @classmethod
    def of_board(cls, page: str, parameters: Mapping[str, str], visibility: Visibility = NOTHING) -> PageState:
        """The look of a page that can be of a board, but is never filtered."""
        return cls(page, board=cls.at(page, parameters).board, visibility=visibility)

    @classmethod
    def of_list(cls, page: str, parameters: Mapping[str, str]) -> PageState:
        """The look of a page with a list: what is looked for in it, and which page of it."""
        given = cls.at(page, parameters)
        return cls(page, board=given.board, q=given.q, p=given.p)

    @property
    def scope(self) -> Scope:
        return Scope(self.visibility, self.board)

    @property
    def filter(self) -> EventFilter:
        """The events of this look, as far as the URL states it; `queries.wanted` narrows them to those that are seen.

        Raises InvalidFilter where the query cannot be read.
        """
        named = EventFilter.parse(self.q)
        for name in ("category", "type", "agent", "task"):
            named = named.with_term(name, getattr(self, name))
        named = named.with_term("board_id", self.board)
        return named if self.shows_noise(named) else named.with_term("importance", "noise", exclude=True)

    def shows_noise(self, named: EventFilter) -> bool:
        """Noise is hidden until asked for: by the switch, or by naming the type. History holds everything."""
        return self.page == "history" or bool(self.noise or named.values("type") or named.values("importance"))

    def query_during(self, start: datetime, until: datetime) -> str:
        """The query string of this page, within these times instead of those that its query may have named."""
        return self.query(q=during(self.q, start, until))

    def query(self, **changes: str) -> str:
        """The query string of this look, with changes; empty values are left out."""
        values = {name: getattr(self, name) for name in parameters_of(PageState)} | changes
        return urlencode({name: value for name, value in values.items() if value})


def parameters_of(page_state: type[PageState]) -> list[str]:
    return [found.name for found in fields(page_state) if found.name not in ("page", "visibility")]


def room(name: str) -> int:
    return MAX_QUERY if name == "q" else MAX_PARAMETER


def storable(text: str) -> str:
    """The character NUL, which no database can compare with, becomes one that stands for what cannot be read."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def during(query: str, start: datetime, until: datetime) -> str:
    """The query, within these times instead of those that it may have named."""
    return str(replace(EventFilter.parse(query), since=start, until=until))
