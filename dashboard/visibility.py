"""What the viewer of a page may see, and what of it they look at. Every query of a page is given one of the two.

`Visibility` is what somebody may see (see `marcus_events.access.visibility`); `Scope` is a visibility with the board
that is chosen. A query that takes a scope cannot read beyond it: "all boards" are all that are seen, and a board that
is not seen is one that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marcus_events.access.visibility import EVERYTHING, NOTHING, Visibility, visibility_of

__all__ = ["EVERYTHING", "NOTHING", "Scope", "Visibility", "visibility_of"]


@dataclass(frozen=True)
class Scope:
    """`board` is the id of the one that is chosen, "" for all."""

    visibility: Visibility
    board: str = ""

    @property
    def boards(self) -> list[str] | None:
        """Their ids, none where it is of none; None means every board. In SQL the parameter of ON_BOARDS."""
        if self.board:
            return [self.board] if self.visibility.allows(self.board) else []
        return None if self.visibility.boards is None else sorted(self.visibility.boards)

    def on(self) -> dict[str, Any]:
        """The condition for querysets of what has a board."""
        return {} if self.boards is None else {"board_id__in": self.boards}

    def counted(self, rates: Any) -> Any:
        """Of rows of counts per type and board, those of this scope."""
        return rates.exclude(event_type__in=self.visibility.hidden_types).filter(**self.on())

    def everywhere(self) -> Scope:
        """The same for all boards that are seen."""
        return Scope(self.visibility)


ON_BOARDS = "(%(boards)s::text[] IS NULL OR board_id = ANY(%(boards)s::text[]))"
