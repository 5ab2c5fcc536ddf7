"""The data around every page: board switcher, bell with alerts, notice of a running demo, silence of the sources."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import RegionGroup
from dashboard.queries import blockers, chrome_data
from dashboard.queries.source_silence import source_silence
from marcus_events.core.event import utc_now


def gather(page_state: PageState) -> dict[str, Any]:
    """Read the data. The bell counts the chosen board's blockers, and others' separately."""
    scope = page_state.scope
    everywhere = scope.everywhere()
    open_count = blockers.count_open(scope)
    return {
        "switcher": chrome_data.switcher(scope),
        "demos": chrome_data.demos(scope),
        "open_count": open_count,
        "elsewhere": blockers.count_open(everywhere) - open_count if page_state.board else 0,
        "alerts": chrome_data.alerts(everywhere),
        "silence": source_silence(scope, utc_now()),
        "assignments": chrome_data.assignments(everywhere),
    }


CHROME = RegionGroup(
    {
        "switcher": "frame/_switcher.html",
        "bell": "frame/_bell.html",
        "alerts": "frame/_alerts.html",
        "demo": "frame/_demo.html",
        "source": "frame/_source.html",
    },
    gather,
)
