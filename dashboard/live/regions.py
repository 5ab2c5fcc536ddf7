"""Regions: the parts of a page that are replaced while it is open, each by its id.

A page is a set of regions and what they are made of. The same function renders them for the first response and for the
WebSocket, so a page that is reloaded and a page that stayed open show the same. Regions hold nothing that belongs to
one viewer (no name, no form token): everybody who looks at the same, and may see the same, is sent the same bytes. Each
page declares its regions in its own folder; `dashboard.pages.all_pages` lists the pages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from dashboard.live.page_state import PageState
from dashboard.visibility import Visibility
from marcus_events.log.statement_timeout import QueryTimeout, total_timeout

LONGEST_S = 3.0  # that anybody waits for a part of a page
Gather = Callable[[PageState], dict[str, Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegionGroup:
    """Regions that are made of the same reads: `regions` names the template of each; `gather` does the reading."""

    regions: dict[str, str]
    gather: Gather


class Page:
    """The parts of a page, beside the chrome around it; with a stream, it shows events as they come.

    A page that is `of_boards` has nothing to show to a viewer who sees none.
    """

    def __init__(
        self, *parts: RegionGroup, stream: bool = False, of_boards: bool = False, is_for_administrators: bool = False
    ) -> None:
        self.parts, self.stream, self.of_boards = parts, stream, of_boards
        self.is_for_administrators = is_for_administrators

    def within(self, chrome: RegionGroup) -> Page:
        """The page with what stands around it."""
        return Page(
            chrome,
            *self.parts,
            stream=self.stream,
            of_boards=self.of_boards,
            is_for_administrators=self.is_for_administrators,
        )

    def is_open_to(self, visibility: Visibility) -> bool:
        """Whether a viewer who sees this may open the page, and its WebSocket."""
        return visibility.audit or not self.is_for_administrators

    def render(self, page_state: PageState) -> dict[str, str]:
        """The regions by id; those that take too long to read keep what the page shows already."""
        gathered = self.gather(page_state)
        return self.as_html(gathered, without=gathered["late"])

    def gather(self, page_state: PageState) -> dict[str, Any]:
        """What the regions are made of, and the names of those that are `late`: reading them took over LONGEST_S."""
        found: dict[str, Any] = {"page_state": page_state, "late": frozenset()}
        for part in self.parts:
            try:
                with total_timeout(LONGEST_S):
                    found |= part.gather(page_state)
            except QueryTimeout:
                logger.warning(
                    "the page %r: took longer than %g s to read %s", page_state.page, LONGEST_S, ", ".join(part.regions)
                )
                found["late"] |= part.regions.keys()
        return found

    def as_html(self, gathered: dict[str, Any], without: Collection[str] = ()) -> dict[str, str]:
        templates = {name: template for part in self.parts for name, template in part.regions.items()}
        return {
            name: as_region(name, template, gathered) for name, template in templates.items() if name not in without
        }


def as_region(name: str, template: str, gathered: dict[str, Any]) -> str:
    if name in gathered["late"]:
        return render_to_string("frame/_late.html", {"name": name, "page_state": gathered["page_state"]})
    return render_to_string(template, gathered)
