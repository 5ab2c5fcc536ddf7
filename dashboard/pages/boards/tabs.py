"""The tabs of a board: the name of each in the URL, its title and its page."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from dashboard.templatetags.pages import activity


@dataclass(frozen=True)
class BoardTab:
    """`page` is a name of `all_pages`; "" for a page outside of the board's."""

    title: str
    page: str


TABS = {
    "": BoardTab("Board", "board"),
    "dependencies": BoardTab("Dependencies", "board-dependencies"),
    "timeline": BoardTab("Timeline", "board-timeline"),
    "activity": BoardTab("Activity", ""),
    "knowledge": BoardTab("Knowledge", "board-knowledge"),
}


def page_of(tab: str) -> tuple[str, str]:
    """Return the name of a tab and its page; an unknown name is the first tab."""
    found = TABS.get(tab)
    return (tab, found.page) if found and found.page else ("", "board")


def tab_links(board_id: str) -> list[tuple[str, str, str]]:
    """Return name, title and address of each tab."""
    address = reverse("board", args=[board_id])

    def leads_to(name: str) -> str:
        return activity(board=board_id) if name == "activity" else f"{address}?tab={name}" if name else address

    return [(name, tab.title, leads_to(name)) for name, tab in TABS.items()]
