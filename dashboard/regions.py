"""Regions: the parts of a page that are replaced while it is open, each by its id.

A page is a set of regions and what they are made of. The same function gives them to the first response and to the
WebSocket, so that a page that is reloaded and a page that stayed open show the same. Regions hold nothing that belongs
to one viewer (no name, no form token): whoever looks at the same, and may see the same, is sent the same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from dashboard import agents
from dashboard.look import Look
from dashboard.queries import audit, blockers, boards, counters, dependencies, folders, frame, present, refused, task
from dashboard.queries.causes import causes
from dashboard.queries.delays import delays
from dashboard.queries.histogram import histogram
from dashboard.queries.open_table import open_table
from dashboard.queries.resolved import resolved
from dashboard.sight import Sight
from dashboard.verdict import Numbers, verdict
from marcus_events.core.event import utc_now
from marcus_events.core.filters import InvalidFilter
from marcus_events.log.clocks import clocks_ahead
from marcus_events.log.patience import TookTooLong, all_at_most

LONGEST_S = 3.0  # that anybody waits for a part of a page
MAX_CONNECTIONS = 5  # boards that Now names
MAX_NEEDS = 20  # reasons that Now shows
Gather = Callable[[Look], dict[str, Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """Regions that are made of the same reads: `regions` names the template of each; `gather` does the reading."""

    regions: dict[str, str]
    gather: Gather


class Page:
    """The parts of a page; with a stream, it shows events as they come."""

    def __init__(self, *parts: Part, stream: bool = False, is_for_administrators: bool = False) -> None:
        self.parts, self.stream, self.is_for_administrators = parts, stream, is_for_administrators

    def is_open_to(self, sight: Sight) -> bool:
        """Whether whoever sees this may open the page, and its WebSocket."""
        return sight.audit or not self.is_for_administrators


def render(look: Look) -> dict[str, str]:
    """The regions of the page, and of the frame around it, by id; without those that take too long to read."""
    gathered = gather(look)
    return as_html(look, gathered, without=gathered["late"])


def gather(look: Look) -> dict[str, Any]:
    """What the regions are made of, and the names of those that are `late`: to read them took longer than LONGEST_S."""
    found: dict[str, Any] = {"look": look, "late": frozenset()}
    for part in parts_of(look):
        try:
            with all_at_most(LONGEST_S):
                found |= part.gather(look)
        except TookTooLong:
            logger.warning(
                "the page %r: took longer than %g s to read %s", look.page, LONGEST_S, ", ".join(part.regions)
            )
            found["late"] |= part.regions.keys()
    return found


def as_html(look: Look, gathered: dict[str, Any], without: Collection[str] = ()) -> dict[str, str]:
    templates = {name: template for part in parts_of(look) for name, template in part.regions.items()}
    return {name: as_region(name, template, gathered) for name, template in templates.items() if name not in without}


def as_region(name: str, template: str, gathered: dict[str, Any]) -> str:
    if name in gathered["late"]:
        return render_to_string("frame/_late.html", {"name": name, "look": gathered["look"]})
    return render_to_string(template, gathered)


def parts_of(look: Look) -> tuple[Part, ...]:
    return FRAME, *PAGES[look.page].parts


def gather_frame(look: Look) -> dict[str, Any]:
    """The bell counts on the board that is looked at; what is open elsewhere is a number beside it."""
    scope = look.scope
    everywhere = scope.everywhere()
    open_count = blockers.count_open(scope)
    return {
        "switcher": frame.switcher(scope),
        "demos": frame.demos(scope),
        "open_count": open_count,
        "elsewhere": blockers.count_open(everywhere) - open_count if look.board else 0,
        "alerts": frame.alerts(everywhere),
    }


def gather_needs(look: Look) -> dict[str, Any]:
    """Of very many blockers the costliest are read; all are counted."""
    now, scope = utc_now(), look.scope
    unsnoozed = blockers.open_rows(scope).exclude(snoozed_until__gt=now)
    needs = blockers.open_blockers(scope, now=now, chosen=unsnoozed)
    number, found = unsnoozed.count(), causes(needs, now)
    is_all = number == len(needs)
    numbers = Numbers(
        blocked=blockers.count_tasks(unsnoozed),
        causes=len(found) if is_all else blockers.count_causes(unsnoozed),
        waiting=blockers.waiting_in_all(needs),
        working=present.agents_working(scope),
        last_event_at=counters.last_at(scope),
        **present.progress(scope),
    )
    return {
        "causes": found[:MAX_NEEDS],
        "needs_count": number,
        "more_causes": max(numbers.causes - MAX_NEEDS, 0),
        "snoozed": blockers.open_rows(scope).count() - number,
        "answered": blockers.answered(scope, now),
        "numbers": numbers,
        "events_in_hour": counters.in_last_hour(scope, now),
        "verdict": verdict(numbers, now),
    }


def gather_connections(look: Look) -> dict[str, Any]:
    found = list(boards.out_of_reach(look.scope)[: MAX_CONNECTIONS + 1])
    return {"out_of_reach": found[:MAX_CONNECTIONS], "has_more_out_of_reach": len(found) > MAX_CONNECTIONS}


def gather_counters(look: Look) -> dict[str, Any]:
    return {"counters": counters.counters(look.scope, utc_now())}


def gather_boards(look: Look) -> dict[str, Any]:
    return {"summaries": boards.listed(look)}


def gather_board(look: Look) -> dict[str, Any]:
    found = boards.summaries(look.scope, [board] if (board := present.board(look.scope)) else [])
    return {"summary": found[0] if found else None, "columns": boards.columns(look.scope)}


def gather_dependencies(look: Look) -> dict[str, Any]:
    return {"drawn": dependencies.dependencies(look.scope, show_done=look.done != "0")}


def gather_task(look: Look) -> dict[str, Any]:
    return {"detail": task.detail(look.scope, look.task)}


def gather_open(look: Look) -> dict[str, Any]:
    return {"open": open_table(look, utc_now()), "sorts": blockers.SORTS_IN_WORDS.items()}


def gather_resolved(look: Look) -> dict[str, Any]:
    counted = delays(look.scope, utc_now())
    return {"delays": counted, "resolved": resolved(look, counted)}


def gather_integrations(look: Look) -> dict[str, Any]:
    """Refused requests are of no board, and a source may be of any: they are for those who see everything."""
    if not look.sight.allows(None):
        return {"refused": None, "clocks": []}
    return {"refused": refused.newest(), "clocks": clocks_ahead()}


def gather_folders(look: Look) -> dict[str, Any]:
    """Paths of the server's machine are for administrators."""
    return {"folders": folders.followed() if look.sight.audit else None}


def gather_audit(look: Look) -> dict[str, Any]:
    return {"verified": audit.state()}


def gather_activity(look: Look) -> dict[str, Any]:
    """No histogram where the query cannot be read, or not in time: the page says why."""
    try:
        return {"histogram": histogram(look, utc_now())}
    except (InvalidFilter, TookTooLong):
        return {"histogram": None}


FRAME = Part(
    {
        "switcher": "frame/_switcher.html",
        "bell": "frame/_bell.html",
        "alerts": "frame/_alerts.html",
        "demo": "frame/_demo.html",
    },
    gather_frame,
)
PAGES = {
    "now": Page(
        Part({"verdict": "now/_verdict.html", "needs": "now/_needs.html"}, gather_needs),
        Part({"connections": "now/_connections.html"}, gather_connections),
        Part({"counters": "now/_counters.html", "minutes": "now/_minutes.html"}, gather_counters),
        stream=True,
    ),
    "boards": Page(Part({"boards": "boards/_boards.html"}, gather_boards)),
    "board": Page(
        Part(
            {
                "board-head": "boards/_head.html",
                "jump": "boards/_jump.html",
                **{f"column-{status}": f"boards/_column_{status}.html" for status in boards.COLUMNS},
            },
            gather_board,
        ),
        Part(
            {
                "dependencies": "boards/_dependencies.html",
                "picture": "boards/_picture.html",
                "waits": "boards/_waits.html",
            },
            gather_dependencies,
        ),
    ),
    "task": Page(
        Part(
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
    ),
    "activity": Page(Part({"histogram": "activity/_histogram.html"}, gather_activity), stream=True),
    "event": Page(),
    "history": Page(),
    "empty": Page(),
    "alerts": Page(),
    "retention": Page(is_for_administrators=True),
    "people": Page(is_for_administrators=True),
    "no-boards": Page(),
    "audit": Page(Part({"verified": "audit/_verified.html"}, gather_audit), is_for_administrators=True),
    "integrations": Page(
        Part({"folders": "integrations/_folders.html"}, gather_folders),
        Part({"refused": "integrations/_refused.html", "clocks": "integrations/_clocks.html"}, gather_integrations),
    ),
    "agents": Page(Part({"crew": "agents/_crew.html", "timeline": "agents/_timeline.html"}, agents.gather)),
    "blocked": Page(
        Part({"open": "blocked/_open.html"}, gather_open),
        Part({"delays": "blocked/_delays.html", "resolved": "blocked/_resolved.html"}, gather_resolved),
    ),
}
