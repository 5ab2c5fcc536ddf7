"""The region of Health."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.health import checks
from marcus_events.core.event import utc_now


def gather(page_state: PageState) -> dict[str, Any]:
    """Read the checks; those of the server are for administrators."""
    now, scope = utc_now(), page_state.scope
    groups = [
        ("Tables and search", checks.of_tables()),
        ("Boards with agents at work", checks.of_boards(scope, now)),
        ("Sources", checks.of_sources(scope)),
        ("Server", checks.of_server(now) if page_state.visibility.audit else []),
    ]
    bad = [check for _, found in groups for check in found if check.tone in ("attention", "danger")]
    return {"groups": groups, "bad": bad}


PAGE = Page(RegionGroup({"health": "health/_health.html"}, gather), of_boards=True)
