"""What the page of agents is made of, at one moment: the agents as a list, and their timeline."""

from __future__ import annotations

from typing import Any

from dashboard import spans
from dashboard.alive import TITLES
from dashboard.crew import DAY, crew, in_short
from dashboard.look import Look
from dashboard.queries import agents as queries
from dashboard.spells import Window
from dashboard.timeline import timeline
from marcus_events.core.event import utc_now


def gather(look: Look) -> dict[str, Any]:
    now = utc_now()
    end = spans.next_column(now, DAY)
    day, span = Window(end - DAY, end), spans.span_of(look.span)
    shown = spans.window(span, until := spans.ending(look.until, now), now)
    found = queries.agents(look.scope, look.agent)
    removed = queries.removed_boards(found)
    spells = queries.spells(found, [day, shown], removed)
    around = queries.around(found, spells, removed, look.scope.everywhere())
    members = crew(found, spells, around, now, day)
    silent = sum(member.verdict.tone == "attention" for member in members)
    return {
        "members": members,
        "hidden": found.hidden,
        "in_short": in_short(found.kinds, silent),
        "timeline": timeline(span, shown, found, spells, around),
        "is_now": until is None,
        "spans": [(name, each.words) for name, each in spans.SPANS.items()],
        "chosen_span": look.span if look.span in spans.SPANS else spans.DEFAULT,
        "earlier": spans.earlier(shown),
        "later": spans.later(shown, now),
        "legend": TITLES.items(),
    }
