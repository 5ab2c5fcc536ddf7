"""What a filter can be set to."""

from __future__ import annotations

from itertools import groupby

from dashboard.queries import counters
from dashboard.sight import Scope
from marcus_events import models
from marcus_events.core.sentences import agent_words
from marcus_events.core.vocabulary import CATEGORIES, category_of, meaning_of

MAX_AGENTS = 200

Choice = tuple[str, str]


def categories() -> list[Choice]:
    return [(category, counters.TITLES[category]) for category in CATEGORIES]


def types(scope: Scope, chosen: str = "") -> list[tuple[str, list[Choice]]]:
    """The types that were ever seen on these boards and the one that is filtered by, by the title of their category."""
    seen = {*counters.ever(scope), chosen} - {""}
    ordered = sorted(seen, key=lambda name: (CATEGORIES.index(category_of(name)), meaning_of(name).title))
    return [
        (counters.TITLES[category], [(name, meaning_of(name).title) for name in names])
        for category, names in groupby(ordered, key=category_of)
    ]


def agents(scope: Scope, chosen: str = "") -> list[Choice]:
    """The agents of a board, and the one that is filtered by."""
    rows = models.Agent.objects.now().filter(**scope.on()).order_by("name", "agent_id")
    found = {agent_id: name or agent_words(agent_id) for agent_id, name in rows.values_list("agent_id", "name")}
    shown = list(found.items())[:MAX_AGENTS]
    return [*shown, (chosen, agent_words(chosen))] if chosen and chosen not in dict(shown) else shown
