"""Regions: the parts of a page that are replaced while it is open, each by its id.

A page is a set of regions and the data for them. The same function renders them for the first response and for the
WebSocket, so a reloaded page and an open page show the same. Regions contain nothing personal (no name, no form token):
all viewers with the same page state receive the same bytes. Each page declares its regions in its own folder;
`dashboard.pages.all_pages` lists the pages.
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

READ_TIMEOUT_S = 3.0  # per region group
Gather = Callable[[PageState], dict[str, Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegionGroup:
    """Regions made from the same reads: `regions` maps ids to templates, `gather` reads their data."""

    regions: dict[str, str]
    gather: Gather


class Page:
    """The regions of a page; with `stream`, it also shows events as they arrive."""

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
        """Return whether a viewer with this visibility may open the page and its WebSocket."""
        return visibility.audit or not self.is_for_administrators

    def render(self, page_state: PageState) -> dict[str, str]:
        """Return the regions by id, without those that took too long: the page keeps its old ones."""
        gathered = self.gather(page_state)
        return self.render_gathered(gathered, without=gathered["late"])

    def gather(self, page_state: PageState) -> dict[str, Any]:
        """Read the data of all regions. `late` names those that took longer than READ_TIMEOUT_S."""
        found: dict[str, Any] = {"page_state": page_state, "late": frozenset()}
        for part in self.parts:
            try:
                with total_timeout(READ_TIMEOUT_S):
                    found |= part.gather(page_state)
            except QueryTimeout:
                logger.warning(
                    "the page %r: took longer than %g s to read %s",
                    page_state.page,
                    READ_TIMEOUT_S,
                    ", ".join(part.regions),
                )
                found["late"] |= part.regions.keys()
        return found

    def render_gathered(self, gathered: dict[str, Any], without: Collection[str] = ()) -> dict[str, str]:
        templates = {name: template for part in self.parts for name, template in part.regions.items()}
        return {
            name: render_region(name, template, gathered) for name, template in templates.items() if name not in without
        }


def render_region(name: str, template: str, gathered: dict[str, Any]) -> str:
    if name in gathered["late"]:
        return render_to_string("frame/_late.html", {"name": name, "page_state": gathered["page_state"]})
    return render_to_string(template, gathered)
