"""Regions: the parts of a page that are replaced while it is open, each by its id.

A page is a set of regions and what they are made of. The same function gives them to the first response and to the
WebSocket, so that a page that is reloaded and a page that stayed open show the same. Regions hold nothing that belongs
to one viewer (no name, no form token): whoever looks at the same, and may see the same, is sent the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from dashboard import agents
from dashboard.look import Look
from dashboard.queries import audit, blockers, boards, counters, dependencies, frame, present, refused, task
from dashboard.queries.causes import causes
from dashboard.queries.delays import delays
from dashboard.queries.histogram import histogram
from dashboard.queries.open_table import open_table
from dashboard.queries.resolved import resolved
from dashboard.sight import Sight
from dashboard.verdict import Numbers, verdict
from marcus_events.core.event import utc_now
from marcus_events.core.filters import InvalidFilter
from marcus_events.log.patience import TookTooLong

Gather = Callable[[Look], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """`regions` names the template of each region; `gather` gives what they are made of."""

    regions: dict[str, str]
    gather: Gather
    stream: bool = False  # the page shows events as they come
    is_for_administrators: bool = False

    def is_open_to(self, sight: Sight) -> bool:
        """Whether whoever sees this may open the page, and its WebSocket."""
        return sight.audit or not self.is_for_administrators


def render(look: Look) -> dict[str, str]:
    """Every region of the page, and of the frame around it, by id."""
    return as_html(look, gather(look))


def gather(look: Look) -> dict[str, Any]:
    return {"look": look} | gather_frame(look) | PAGES[look.page].gather(look)


def as_html(look: Look, gathered: dict[str, Any]) -> dict[str, str]:
    templates = FRAME | PAGES[look.page].regions
    return {name: render_to_string(template, gathered) for name, template in templates.items()}


FRAME = {
    "switcher": "frame/_switcher.html",
    "bell": "frame/_bell.html",
    "alerts": "frame/_alerts.html",
    "demo": "frame/_demo.html",
}


def gather_frame(look: Look) -> dict[str, Any]:
    """The bell counts on the board that is looked at; what is open elsewhere is a number beside it."""
    scope = look.scope
    everywhere = scope.everywhere()
    all_boards = present.boards(everywhere)
    open_count = blockers.count_open(scope)
    return {
        "boards": all_boards,
        "demos": [board for board in all_boards if board.demo],
        "open_count": open_count,
        "elsewhere": blockers.count_open(everywhere) - open_count if look.board else 0,
        "alerts": frame.alerts(everywhere),
    }


def gather_now(look: Look) -> dict[str, Any]:
    now = utc_now()
    opened = blockers.open_blockers(look.scope, now=now)
    needs = [item for item in opened if not item.snoozed]
    statuses = present.tasks_by_status(look.scope).values()
    agents = [agent for agents in present.agents_at_work(look.scope).values() for agent in agents]
    counted = counters.counters(look.scope, now)
    found = causes(needs, now)
    numbers = Numbers(
        blocked=len({(item.blocker.board_id, item.blocker.task_id) for item in needs}),
        causes=len(found),
        waiting=blockers.waiting_in_all(needs),
        tasks=sum(sum(status.values()) for status in statuses),
        done=sum(status["done"] for status in statuses),
        working=sum(agent.status == "working" for agent in agents),
        last_event_at=counters.last_at(look.scope),
    )
    return {
        "needs": needs,
        "causes": found,
        "snoozed": len(opened) - len(needs),
        "answered": blockers.answered(look.scope, now),
        "numbers": numbers,
        "verdict": verdict(numbers, now),
        "counters": counted,
    }


def gather_boards(look: Look) -> dict[str, Any]:
    return {"summaries": boards.summaries(look.scope.everywhere())}


def gather_board(look: Look) -> dict[str, Any]:
    found = boards.summaries(look.scope)
    drawn = dependencies.dependencies(look.scope, show_done=look.done != "0")
    return {"summary": found[0] if found else None, "columns": boards.columns(look.scope), "drawn": drawn}


def gather_task(look: Look) -> dict[str, Any]:
    return {"detail": task.detail(look.scope, look.task)}


def gather_blocked(look: Look) -> dict[str, Any]:
    now = utc_now()
    counted = delays(look.scope, now)
    return {
        "open": open_table(look, now),
        "delays": counted,
        "resolved": resolved(look, counted),
        "sorts": blockers.SORTS_IN_WORDS.items(),
    }


def gather_integrations(look: Look) -> dict[str, Any]:
    """Refused requests are of no board."""
    return {"refused": refused.newest() if look.sight.allows(None) else None}


def gather_audit(look: Look) -> dict[str, Any]:
    return {"verified": audit.state()}


def gather_activity(look: Look) -> dict[str, Any]:
    """No histogram where the query cannot be read, or not in time: the page says why."""
    try:
        return {"histogram": histogram(look, utc_now())}
    except (InvalidFilter, TookTooLong):
        return {"histogram": None}


def gather_nothing(look: Look) -> dict[str, Any]:
    return {}


PAGES = {
    "now": Page(
        {
            "verdict": "now/_verdict.html",
            "needs": "now/_needs.html",
            "counters": "now/_counters.html",
            "minutes": "now/_minutes.html",
        },
        gather_now,
        stream=True,
    ),
    "boards": Page({"boards": "boards/_boards.html"}, gather_boards),
    "board": Page(
        {
            "board-head": "boards/_head.html",
            "jump": "boards/_jump.html",
            **{f"column-{status}": f"boards/_column_{status}.html" for status in boards.COLUMNS},
            "dependencies": "boards/_dependencies.html",
            "picture": "boards/_picture.html",
            "waits": "boards/_waits.html",
        },
        gather_board,
    ),
    "task": Page(
        {
            "task": "tasks/_task.html",
            "timeline": "tasks/_timeline.html",
            "stops": "tasks/_stops.html",
            "story": "tasks/_story.html",
            "links": "tasks/_links.html",
            "events": "tasks/_events.html",
        },
        gather_task,
    ),
    "activity": Page({"histogram": "activity/_histogram.html"}, gather_activity, stream=True),
    "event": Page({}, gather_nothing),
    "history": Page({}, gather_nothing),
    "empty": Page({}, gather_nothing),
    "alerts": Page({}, gather_nothing),
    "retention": Page({}, gather_nothing, is_for_administrators=True),
    "people": Page({}, gather_nothing, is_for_administrators=True),
    "no-boards": Page({}, gather_nothing),
    "audit": Page({"verified": "audit/_verified.html"}, gather_audit, is_for_administrators=True),
    "integrations": Page({"refused": "integrations/_refused.html"}, gather_integrations),
    "agents": Page({"crew": "agents/_crew.html", "timeline": "agents/_timeline.html"}, agents.gather),
    "blocked": Page(
        {"open": "blocked/_open.html", "delays": "blocked/_delays.html", "resolved": "blocked/_resolved.html"},
        gather_blocked,
    ),
}
