"""The regions of a task."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.tasks import queries as task


def gather_task(page_state: PageState) -> dict[str, Any]:
    return {"detail": task.detail(page_state.scope, page_state.task)}


PAGE = Page(
    RegionGroup(
        {
            "task": "tasks/_task.html",
            "timeline": "tasks/_timeline.html",
            "stops": "tasks/_stops.html",
            "story": "tasks/_story.html",
            "links": "tasks/_links.html",
            "events": "tasks/_events.html",
        },
        gather_task,
    )
)
