"""The regions of Integrations."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.integrations import folder_list, proxy_list, rejected_list, webhook_list


def gather_integrations(page_state: PageState) -> dict[str, Any]:
    """Rejected requests belong to no board and may name any source, so only viewers who see everything get them."""
    if not page_state.visibility.allows(None):
        return {"refused": None, "clocks": []}
    return {"refused": rejected_list.newest(), "clocks": rejected_list.clocks()}


def gather_folders(page_state: PageState) -> dict[str, Any]:
    """Paths on the server are for administrators."""
    return {"folders": folder_list.followed() if page_state.visibility.audit else None}


def gather_proxies(page_state: PageState) -> dict[str, Any]:
    """Addresses in the server's network are for administrators."""
    return {"proxies": proxy_list.connected() if page_state.visibility.audit else None}


def gather_webhooks(page_state: PageState) -> dict[str, Any]:
    """URLs may hold keys, so they are for administrators."""
    return {"webhooks": webhook_list.registered() if page_state.visibility.audit else None}


PAGE = Page(
    RegionGroup({"proxies": "integrations/_proxies.html"}, gather_proxies),
    RegionGroup({"folders": "integrations/_folders.html"}, gather_folders),
    RegionGroup({"webhooks": "integrations/_webhooks.html"}, gather_webhooks),
    RegionGroup({"refused": "integrations/_refused.html", "clocks": "integrations/_clocks.html"}, gather_integrations),
)
