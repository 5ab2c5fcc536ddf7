"""The regions of Agents: the agents as a list, and their timeline."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.agents import queries
from dashboard.pages.agents.agent_cards import DAY, agent_cards, summary_sentence
from dashboard.pages.agents.agent_health import TITLES
from dashboard.pages.agents.agent_timeline import timeline
from dashboard.timeline import time_axis
from dashboard.timeline.status_intervals import Window
from marcus_events.core.event import utc_now


def gather(page_state: PageState) -> dict[str, Any]:
    now = utc_now()
    end = time_axis.next_column(now, DAY)
    day, span = Window(end - DAY, end), time_axis.span_of(page_state.span)
    shown = time_axis.window_of(span, until := time_axis.parse_end(page_state.until, now), now)
    found = queries.agents(page_state.scope, page_state.agent, page_state.p)
    removed = queries.removed_boards(found)
    intervals = queries.intervals(found, [day, shown], removed)
    around = queries.around(found, intervals, removed, page_state.scope.everywhere())
    members = agent_cards(found, intervals, around, now, day)
    silent = sum(member.verdict.tone == "attention" for member in members)
    return {
        "members": members,
        "paging": found.paging,
        "number": found.kinds.total(),
        "in_short": summary_sentence(found.kinds, silent, is_all=found.paging.is_all),
        "timeline": timeline(span, shown, found, intervals, around),
        "is_now": until is None,
        "spans": [(name, each.words) for name, each in time_axis.SPANS.items()],
        "chosen_span": page_state.span if page_state.span in time_axis.SPANS else time_axis.DEFAULT,
        "earlier": time_axis.earlier_until(shown),
        "later": time_axis.later_until(shown, now),
        "legend": TITLES.items(),
    }


PAGE = Page(RegionGroup({"crew": "agents/_list.html", "timeline": "agents/_timeline.html"}, gather), of_boards=True)
