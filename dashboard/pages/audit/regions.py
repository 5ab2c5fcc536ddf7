"""The regions of Audit."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.audit import queries as audit


def gather_audit(page_state: PageState) -> dict[str, Any]:
    return {"verified": audit.state()}


PAGE = Page(RegionGroup({"verified": "audit/_verified.html"}, gather_audit), is_for_administrators=True)
