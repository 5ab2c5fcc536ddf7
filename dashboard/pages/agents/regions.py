"""The regions of Agents: the agents as a list, and their timeline; and those of an agent's own page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.agents import agent_detail, queries
from dashboard.pages.agents.agent_cards import DAY, agent_cards, ended_at_silence
from dashboard.pages.agents.agent_health import TITLES
from dashboard.pages.agents.agent_timeline import timeline
from dashboard.timeline import time_axis
from dashboard.timeline.status_intervals import Window
from marcus_events.core.event import utc_now


def gather(page_state: PageState) -> dict[str, Any]:
    now = utc_now()
    found = queries.agents(
        page_state.scope,
        now,
        agent=page_state.agent,
        state=page_state.state,
        sort=page_state.sort,
        page=page_state.p,
    )
    chosen = page_state.state if page_state.state in queries.HEALTH_KINDS else ""
    return gather_timeline(page_state, found, now, time_axis.DEFAULT) | {
        "is_by_board": not page_state.board and page_state.sort not in ("name", "longest"),
        "is_named": not page_state.board,
        "paging": found.paging,
        "number": found.matching,
        "all_number": found.kinds.total(),
        "total": found.total,
        "states": [(kind, TITLES[kind], found.kinds[kind]) for kind in queries.HEALTH_KINDS if found.kinds[kind]],
        "chosen_state": chosen,
        "sorts": list(queries.SORTS.items()),
        "chosen_sort": page_state.sort if page_state.sort in queries.SORTS else "",
        "folded": 0 if chosen or page_state.agent else found.kinds[queries.FOLDED],
        "agent_filter": page_state.agent,
    }


def gather_timeline(page_state: PageState, found: queries.Agents, now: datetime, default: str) -> dict[str, Any]:
    """Read the cards of these agents and their timeline."""
    end = time_axis.next_column(now, DAY)
    chosen = page_state.span if page_state.span in time_axis.SPANS else default
    day, span = Window(end - DAY, end), time_axis.SPANS[chosen]
    shown = time_axis.window_of(span, until := time_axis.parse_end(page_state.until, now), now)
    removed = queries.removed_boards(found)
    reported = queries.intervals(found, [day, shown], removed)
    around = queries.around(found, reported, removed, page_state.scope.everywhere())
    intervals = ended_at_silence(found, reported, around, now)
    return {
        "members": agent_cards(found, intervals, around, now, day),
        "timeline": timeline(span, shown, found, intervals, around),
        "is_now": until is None,
        "spans": [(name, each.words) for name, each in time_axis.SPANS.items()],
        "chosen_span": chosen,
        "earlier": time_axis.earlier_until(shown),
        "later": time_axis.later_until(shown, now),
    }


def gather_agent(page_state: PageState) -> dict[str, Any]:
    """Read an agent's card, timeline, throughput and blockers. Without `member`, there is no such agent now."""
    now, found = utc_now(), agent_detail.find(page_state.scope, page_state.agent)
    result = gather_timeline(page_state, found, now, "24h") | {"paging": found.paging, "agent_filter": ""}
    if not found.shown:
        return result | {"member": None}
    [agent], [member] = found.shown, result["members"]
    return result | {
        "member": member,
        "throughput": agent_detail.throughput(agent, now),
        "reported": agent_detail.blockers(agent, now),
    }


def gather_events(page_state: PageState) -> dict[str, Any]:
    """Read an agent's decisions and newest events."""
    return {
        "decisions": agent_detail.decisions(page_state.scope, page_state.agent),
        "events": agent_detail.events(page_state.scope, page_state.agent),
    }


PAGE = Page(RegionGroup({"crew": "agents/_list.html", "timeline": "agents/_timeline.html"}, gather), of_boards=True)
AGENT = Page(
    RegionGroup(
        {
            "doing": "agents/_doing.html",
            "timeline": "agents/_timeline.html",
            "reports": "agents/_reports.html",
        },
        gather_agent,
    ),
    RegionGroup({"decisions": "agents/_decisions.html", "events": "agents/_events.html"}, gather_events),
    of_boards=True,
)
