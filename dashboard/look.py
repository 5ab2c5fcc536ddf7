"""What a viewer looks at: the page, the board and the filters, as they stand in the URL.

A look is hashable, so that everybody who looks at the same is shown what was rendered once. The same query string opens
the page and its WebSocket, and rebuilds the look in both places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from marcus_events.core.filters import EventFilter

MAX_PARAMETER = 512  # characters, as the longest id may have; nobody filters by anything longer
MAX_QUERY = 1_200  # characters of `q`: two long ids; as an address it stays within the 16 KiB that servers read


@dataclass(frozen=True)
class Look:
    """Every field but `page` is a parameter of the URL, "" where it is not given."""

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
    span: str = ""  # of a timeline: see dashboard.spans
    until: str = ""  # when a timeline ends; now where it is not given
    severity: str = ""  # of the open blockers
    cause: str = ""  # the root cause of the open blockers
    took: str = ""  # how long the resolved blockers took: see dashboard.queries.delays
    order: str = ""  # of History: "oldest" first, or the newest
    columns: str = ""  # of History: paths into the data, such as data.progress, between commas
    older: str = ""  # the resolved blockers older than this: see dashboard.queries.resolved

    @classmethod
    def at(cls, page: str, parameters: Mapping[str, str]) -> Look:
        """The look of a request's GET parameters; what is not a parameter of a look is left aside."""
        given = {field.name: storable(parameters.get(field.name, ""))[: room(field.name)] for field in fields(cls)}
        return cls(**(given | {"page": page}))

    @classmethod
    def of_board(cls, page: str, parameters: Mapping[str, str]) -> Look:
        """The look of a page that can be of a board, but is never filtered."""
        return cls(page, board=cls.at(page, parameters).board)

    @property
    def filter(self) -> EventFilter:
        """The events of this look. Raises InvalidFilter where the query cannot be read."""
        named = EventFilter.parse(self.q)
        for field in ("category", "type", "agent", "task"):
            named = named.with_term(field, getattr(self, field))
        named = named.with_term("board_id", self.board)
        return named if self.shows_noise(named) else named.with_term("importance", "noise", exclude=True)

    def shows_noise(self, named: EventFilter) -> bool:
        """Noise is hidden until asked for: by the switch, or by naming the type. History holds everything."""
        return self.page == "history" or bool(self.noise or named.values("type") or named.values("importance"))

    def query(self, **changes: str) -> str:
        """The query string of this look, with changes; empty values are left out."""
        look = replace(self, **changes)
        values = {field.name: getattr(look, field.name) for field in fields(look) if field.name != "page"}
        return urlencode({name: value for name, value in values.items() if value})


def room(name: str) -> int:
    return MAX_QUERY if name == "q" else MAX_PARAMETER


def storable(text: str) -> str:
    """The character NUL, which no database can compare with, becomes one that stands for what cannot be read."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
