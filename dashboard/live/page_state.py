"""The state of a page as stated in its URL (page, board, filters), and the viewer's visibility.

A page state is hashable, so viewers of the same state share what was rendered once. The page and its WebSocket parse
the same query string. The visibility never comes from a URL; without one nothing is visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from dashboard.time_zones import zone_of
from dashboard.visibility import NOTHING, Scope, Visibility
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter, format_moment
from marcus_events.core.query_syntax import split_words

MAX_PARAMETER = 512  # characters, the length of the longest id
TIME_FIELDS = ("since:", "until:")
MAX_QUERY = 1_200  # characters of `q`: two long ids; keeps URLs within the 16 KiB that servers accept


@dataclass(frozen=True)
class PageState:
    """Every field except `page` and `visibility` is a parameter of the URL, "" if absent."""

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
    column: str = ""  # of a board: the one whose page `p` is shown
    tab: str = ""  # of a board, see dashboard.pages.boards.tabs
    status: str = ""  # of a board: the column that is shown alone
    label: str = ""  # of a board's tasks
    group: str = ""  # by what a board's cards are grouped, see dashboard.pages.boards.columns
    span: str = ""  # of a timeline, see dashboard.timeline.time_axis
    until: str = ""  # end of a timeline; empty for now
    state: str = ""  # health of the listed agents
    severity: str = ""  # of the open blockers
    cause: str = ""  # root cause of the open blockers
    assignee: str = ""  # of the open blockers, by name
    took: str = ""  # duration of the resolved blockers, see dashboard.pages.blocked.delays
    order: str = ""  # of History: "oldest" first, else newest first
    columns: str = ""  # of History: comma-separated paths into the data, such as data.progress
    compare: str = ""  # of History: also the period before
    zone: str = ""  # time zone of days such as since:today, and of an export; empty for UTC
    p: str = ""  # page number of a list
    older: str = ""  # cursor of the resolved blockers, see dashboard.pages.blocked.resolved_table
    visibility: Visibility = field(default=NOTHING, kw_only=True)

    @classmethod
    def from_query(cls, page: str, parameters: Mapping[str, str], visibility: Visibility = NOTHING) -> PageState:
        """Build the state from GET parameters; ignores unknown ones."""
        given = {name: replace_nul(parameters.get(name, ""))[: max_length(name)] for name in parameter_names(cls)}
        return cls(page, **given, visibility=visibility)

    @classmethod
    def of_board(cls, page: str, parameters: Mapping[str, str], visibility: Visibility = NOTHING) -> PageState:
        """Build the state of a page that may belong to a board but has no filters."""
        return cls(page, board=cls.from_query(page, parameters).board, visibility=visibility)

    @classmethod
    def of_list(cls, page: str, parameters: Mapping[str, str]) -> PageState:
        """Build the state of a page with a list: its search text and page number."""
        given = cls.from_query(page, parameters)
        return cls(page, board=given.board, q=given.q, p=given.p)

    @property
    def scope(self) -> Scope:
        return Scope(self.visibility, self.board)

    @property
    def filter(self) -> EventFilter:
        """The events that the URL asks for; `visible_events.visible_filter` restricts them to visible ones. Raises
        InvalidFilter.
        """
        named = EventFilter.parse(self.q, now=self.now)
        for name in ("category", "type", "agent", "task"):
            named = named.with_term(name, getattr(self, name))
        named = named.with_term("board_id", self.board)
        return named if self.shows_noise(named) else named.with_term("importance", "noise", exclude=True)

    @property
    def now(self) -> datetime:
        """The time on the clocks of the viewer."""
        return utc_now().astimezone(zone_of(self.zone) if self.zone else UTC)

    def shows_noise(self, named: EventFilter) -> bool:
        """Noise is hidden unless the switch or a named type asks for it. History shows everything."""
        return self.page == "history" or bool(self.noise or named.values("type") or named.values("importance"))

    def query_during(self, start: datetime, until: datetime) -> str:
        """Return the query string with this time range in place of any other."""
        return self.query(q=with_times(self.q, start, until))

    def parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of the URL, for a form that keeps them."""
        return parse_qsl(self.query())

    def query(self, **changes: str) -> str:
        """Return the query string with changes; omits empty values."""
        values = {name: getattr(self, name) for name in parameter_names(PageState)} | changes
        return urlencode({name: value for name, value in values.items() if value})


def parameter_names(page_state: type[PageState]) -> list[str]:
    return [found.name for found in fields(page_state) if found.name not in ("page", "visibility")]


def max_length(name: str) -> int:
    return MAX_QUERY if name == "q" else MAX_PARAMETER


def replace_nul(text: str) -> str:
    """Replace NUL, which PostgreSQL cannot store, with the replacement character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def with_times(query: str, start: datetime | str, until: datetime | str = "") -> str:
    """Return the query with this time range in place of any other; its other words stay as they were typed.

    A time may also be given as a word of a query, such as 7d or today.
    """
    times = [
        f"{name}:{format_moment(at) if isinstance(at, datetime) else at}"
        for name, at in (("since", start), ("until", until))
        if at
    ]
    return " ".join([*(word for word in split_words(query) if not word.startswith(TIME_FIELDS)), *times])
